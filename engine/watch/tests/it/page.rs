//! The page in a real browser: what it shows, that names are only names, that it keeps itself up to date.

use crate::browser::Browser;
use crate::stage::{Copy, Stage};
use crate::web::view;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use voxloom_watch::job::Failure;
use voxloom_watch::live::Live;
use voxloom_watch::web::{Call, Scene, Sight, Step, serve};

/// Two pixels.
const PICTURE: &[u8] = b"\x89PNG\x0d\x0a\x1a\x0a\x00\x00\x00\x0dIHDR\x00\x00\x00\x02\x00\x00\x00\x01\x08\x00\x00\x00\x00\xd1I V\x00\x00\x00\x0bIDATx\xdacp8\x00\x00\x01C\x01\x01\x96\xb5\x00\x9b\x00\x00\x00\x00IEND\xaeB`\x82";
/// Names that would run, if they were markup.
const IMAGE: &str = "<img src=x onerror='window.hurt=1'>";
const SCRIPT: &str = "\"><script>window.hurt=1</script>.nii";

struct Fake;

impl Scene for Fake {
    fn look(&self) -> Sight {
        let step = |name: &str, running| Step { name: name.into(), what: "plain.copy".into(), calls: 2, total_s: 3.0, running };
        let call = Call { lane: "cpu 0".into(), step: IMAGE.into(), item: "3.1".into(), elapsed: Duration::from_secs(75) };
        Sight {
            since: Some(std::time::SystemTime::now()),
            about: format!("About {SCRIPT}"),
            graph: "<svg class=\"graph\" role=\"img\" aria-label=\"The pipeline as a graph\" width=\"1200\" height=\"60\">\
                    <rect class=\"node heat5 runs\" x=\"2\" y=\"2\" width=\"90\" height=\"40\"/><text x=\"9\" y=\"20\">reader</text></svg>"
                .into(),
            steps: vec![step("reader", 1), step(IMAGE, 0)],
            workers: vec![vec![call]],
            ..Sight::default()
        }
    }
}

/// The lines of all elements that a selector finds.
fn texts(browser: &mut Browser, selector: &str) -> Vec<String> {
    let found =
        browser.value(&format!("[...document.querySelectorAll({})].map(e => e.innerText ?? e.textContent)", json!(selector)));
    found.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
}

#[test]
fn in_the_browser_names_are_only_names_and_the_page_keeps_up() {
    let stage = Stage::new();
    let live = Arc::<Live>::default();
    let address = serve("127.0.0.1:0".parse().unwrap(), view(&stage, "/etc/<b>p</b>.json", &live, Arc::new(Fake))).unwrap();
    let (let_go, gate) = crossbeam::channel::bounded::<()>(0);
    let job = Copy(move |work| {
        let name = work.name.to_string_lossy().into_owned();
        if name.contains("bad") {
            return Err(Failure::bad(format!("no volume: {IMAGE}\nnor a list")).at("reader <b>"));
        }
        if name.starts_with("hold") {
            let _ = gate.recv();
        }
        std::fs::write(work.output.join("look.png"), PICTURE).unwrap();
        Ok(())
    });
    let watching = stage.watch(job, |parts| parts.live = live);
    stage.put(IMAGE, "1");
    watching.wait("done <img");
    stage.put("bad", "2");
    watching.wait("failed bad");
    stage.put("hold", "3");
    watching.wait("started hold");
    stage.put(SCRIPT, "4");
    stage.put("z & last", "5");

    let mut browser = Browser::start();
    browser.wide(1280, 3000);
    browser.open(&format!("http://{address}/"));
    browser.wait("document.querySelectorAll('#queue ~ ol li').length === 2");
    assert_eq!(texts(&mut browser, "#queue ~ ol li"), [SCRIPT, "z & last"]);
    assert_eq!(texts(&mut browser, "h1"), ["/etc/<b>p</b>.json"]);
    assert_eq!(texts(&mut browser, ".graph text"), ["reader"]);
    assert_eq!(texts(&mut browser, ".lanes tbody td")[..3], ["cpu 0", IMAGE, "3.1"]);
    assert_eq!(texts(&mut browser, ".job tbody th"), ["reader", IMAGE]);
    assert_eq!(texts(&mut browser, ".why"), [format!("no volume: {IMAGE}\nnor a list")]);
    assert!(texts(&mut browser, ".failures p")[0].contains("bad at node reader <b>, 1 attempt"));
    assert_eq!(texts(&mut browser, ".done .name"), [IMAGE]);
    browser.wait("document.images.length === 1 && [...document.images].every(image => image.naturalWidth === 2)");

    // It changes by itself, and what stays is the same: no reload, no flicker, no lost place.
    browser.value(
        "window.first = document.images[0]; document.querySelector('.scroll').focus(); document.activeElement.scrollLeft = 7",
    );
    drop(let_go);
    browser.wait("document.querySelectorAll('.done li').length === 4");
    browser.wait("[...document.images].every(image => image.naturalWidth === 2)");
    assert_eq!(browser.value("first.isConnected && document.activeElement.matches('.scroll')"), true);
    assert_eq!(browser.value("document.querySelector('.scroll').scrollLeft"), 7);
    assert_eq!(texts(&mut browser, ".numbers dd")[..4], ["0", "0", "4", "1"]);
    assert_eq!(browser.value("[window.hurt ?? 0, document.scripts.length]"), json!([0, 1]));
    assert_eq!(browser.complaints, [""; 0]);

    // Even if markup came in, it would not run; and a complaint is heard.
    browser.value("document.body.append(Object.assign(document.createElement('script'), { text: 'window.hurt = 1' }))");
    assert_eq!(browser.value("window.hurt ?? 0"), 0);
    assert!(browser.complaints.iter().any(|words| words.contains("Content Security Policy")), "{:?}", browser.complaints);

    // A watcher that does not answer any more is told from one with nothing new.
    assert_eq!(browser.value("document.getElementById('silent').hidden"), true);
    browser.value("window.fetch = () => Promise.reject(new Error('gone'))");
    browser.wait("!document.getElementById('silent').hidden");
}

#[test]
fn in_the_browser_without_scripts_the_page_reloads_itself() {
    let stage = Stage::new();
    let live = Arc::<Live>::default();
    let address = serve("127.0.0.1:0".parse().unwrap(), view(&stage, "p", &live, Arc::new(Fake))).unwrap();
    let watching = stage.watch(crate::stage::copy(), |parts| parts.live = live);
    let mut browser = Browser::start();
    browser.ask("Emulation.setScriptExecutionDisabled", json!({ "value": true }));
    browser.open(&format!("http://{address}/"));
    assert_eq!(texts(&mut browser, "#done ~ p"), ["nothing yet"]);
    stage.put("late", "1");
    watching.wait("done late");
    browser.wait("document.querySelectorAll('.done li').length === 1");
    assert_eq!(browser.complaints, [""; 0]);
}

#[test]
fn in_the_browser_the_page_is_legible_on_any_screen() {
    let stage = Stage::new();
    let live = Arc::<Live>::default();
    let address = serve("127.0.0.1:0".parse().unwrap(), view(&stage, "pipeline.json", &live, Arc::new(Fake))).unwrap();
    let job = Copy(|work| if work.name.starts_with("bad") { Err(Failure::bad("x".repeat(900))) } else { Ok(()) });
    let watching = stage.watch(job, |parts| parts.live = live);
    stage.put("a".repeat(200), "1");
    stage.put("bad", "2");
    watching.wait("failed bad");
    watching.wait("done aaa");
    let mut browser = Browser::start();
    for width in [320, 390, 1280] {
        browser.wide(width, 900);
        for scheme in ["light", "dark"] {
            let media = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
            browser.ask("Emulation.setEmulatedMedia", media);
            browser.open(&format!("http://{address}/"));
            browser.wait("document.querySelectorAll('.done li, .failures li').length === 2");
            let place = format!("{width} pixels, {scheme}");
            let fits = browser.value("document.documentElement.scrollWidth === document.documentElement.clientWidth");
            assert_eq!(fits, true, "{place}: nothing runs out of the page");
            assert_eq!(browser.value(FAINT), json!([]), "{place}: text against what is behind it, at least 4.5 to 1");
            assert_eq!(browser.value(UNNAMED), json!([]), "{place}: landmarks, tables and pictures have names");
        }
    }
    assert_eq!(browser.complaints, [""; 0]);
}

/// Texts whose contrast by the rule of WCAG 2 is below 4.5.
const FAINT: &str = r"(() => {
    const parts = (colour) => colour.match(/[\d.]+/g).map(Number);
    const light = (colour) => {
        const [r, g, b] = parts(colour).map((c) => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const behind = (element) => {
        const colour = getComputedStyle(element).backgroundColor;
        return parts(colour)[3] === 0 ? behind(element.parentElement) : colour;
    };
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const faint = [];
    while (walker.nextNode()) {
        const element = walker.currentNode.parentElement;
        if (!walker.currentNode.data.trim() || element.closest('svg')) continue;
        const pair = [light(getComputedStyle(element).color), light(behind(element))].sort((a, b) => b - a);
        const contrast = (pair[0] + 0.05) / (pair[1] + 0.05);
        if (contrast < 4.5) faint.push(contrast.toFixed(2) + ' ' + walker.currentNode.data);
    }
    return faint;
})()";

/// What a reader of the page's structure would find without a name.
const UNNAMED: &str = r"(() => {
    const unnamed = [...document.querySelectorAll('table')].filter((table) => !table.caption?.innerText);
    unnamed.push(...[...document.querySelectorAll('section')].filter((s) => !document.getElementById(s.getAttribute('aria-labelledby'))));
    unnamed.push(...[...document.querySelectorAll('img, svg')].filter((i) => !(i.alt || i.getAttribute('aria-label'))));
    unnamed.push(...[...document.querySelectorAll('[tabindex]')].filter((e) => !e.getAttribute('aria-label')));
    const one = ['h1', 'main', 'header', 'footer'].filter((name) => document.querySelectorAll(name).length !== 1);
    return unnamed.map((element) => element.outerHTML.slice(0, 80)).concat(one);
})()";
