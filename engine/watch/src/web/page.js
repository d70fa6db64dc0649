"use strict";
// Keeps the page as it would be if it were asked for anew: asks for it, and changes only what differs, so that nothing
// flickers, and scrolling, focus and selection stay. Without scripts the page reloads itself.
(() => {
  const EVERY_MS = 2000;
  const PATIENCE_MS = 10000;

  const key = (node) => (node.nodeType === Node.ELEMENT_NODE ? node.id || node.dataset.key || "" : "");

  function become(old, wanted) {
    if (old.nodeType !== wanted.nodeType || old.nodeName !== wanted.nodeName) {
      old.replaceWith(wanted);
      return;
    }
    if (old.nodeType !== Node.ELEMENT_NODE) {
      if (old.data !== wanted.data) old.data = wanted.data;
      return;
    }
    for (const { name } of [...old.attributes]) if (!wanted.hasAttribute(name)) old.removeAttribute(name);
    for (const { name, value } of wanted.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
    children(old, [...wanted.childNodes]);
  }

  // Children with a key keep their place in life wherever they go; the others are taken in order.
  function children(old, wanted) {
    const keyed = new Map([...old.children].filter(key).map((child) => [key(child), child]));
    let place = old.firstChild;
    for (const child of wanted) {
      const known = key(child) ? keyed.get(key(child)) : place && !key(place) ? place : undefined;
      if (!known) {
        old.insertBefore(child, place);
        continue;
      }
      if (known === place) place = place.nextSibling;
      else old.insertBefore(known, place);
      become(known, child);
    }
    while (place) {
      const next = place.nextSibling;
      place.remove();
      place = next;
    }
  }

  async function look() {
    if (document.hidden) return;
    try {
      const answer = await fetch("/", { cache: "no-store", signal: AbortSignal.timeout(PATIENCE_MS) });
      if (!answer.ok) throw new Error(answer.statusText);
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      document.title = page.title;
      become(document.body, page.body);
    } catch {
      document.getElementById("silent").hidden = false;
    }
  }

  async function again() {
    await look();
    setTimeout(again, EVERY_MS);
  }
  setTimeout(again, EVERY_MS);
  document.addEventListener("visibilitychange", look);
})();
