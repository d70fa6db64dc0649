//! The pipeline that is in use: its graph, and its nodes as a table that says the same.

use super::put;
use super::words::{escape, span};
use crate::web::{Sight, Step};

pub fn pipeline(text: &mut String, sight: &Sight, since: Option<String>) {
    text.push_str("<section aria-labelledby=\"pipeline\"><h2 id=\"pipeline\">Pipeline</h2>");
    if !sight.about.is_empty() {
        put(text, format_args!("<p>{}</p>", escape(&sight.about)));
    }
    if let Some(since) = since {
        put(text, format_args!("<p class=\"dim\">in use since {since}; times are those of the calls from then on</p>"));
    }
    text.push_str("<div class=\"job\">");
    if !sight.graph.is_empty() {
        // Markup of the engine's own making: see `Sight::graph`.
        put(
            text,
            format_args!(
                "<figure><div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Graph of the pipeline\">{}</div>\
                 <figcaption class=\"dim\">Warm colours: a large share of the time. A thick frame: it runs now</figcaption></figure>",
                sight.graph
            ),
        );
    }
    if !sight.steps.is_empty() {
        text.push_str(
            "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Nodes of the pipeline\"><table><caption>Nodes</caption><thead><tr>\
             <th scope=\"col\">node</th><th scope=\"col\">runs</th><th scope=\"col\" class=\"number\">calls</th>\
             <th scope=\"col\" class=\"number\">each</th><th scope=\"col\" class=\"number\">total</th><th scope=\"col\">now</th></tr></thead><tbody>",
        );
        sight.steps.iter().for_each(|step| row(text, step));
        text.push_str("</tbody></table></div>");
    }
    text.push_str("</div></section>\n");
}

fn row(text: &mut String, step: &Step) {
    let each = if step.calls > 0 { span(step.total_s / step.calls as f64) } else { String::new() };
    let now = match step.running {
        0 => String::new(),
        1 => "running".to_owned(),
        n => format!("running × {n}"),
    };
    put(
        text,
        format_args!(
            "<tr{}><th scope=\"row\">{}</th><td>{}</td><td class=\"number\">{}</td><td class=\"number\">{each}</td>\
             <td class=\"number\">{}</td><td>{now}</td></tr>",
            if step.running > 0 { " class=\"runs\"" } else { "" },
            escape(&step.name),
            escape(&step.what),
            step.calls,
            span(step.total_s)
        ),
    );
}
