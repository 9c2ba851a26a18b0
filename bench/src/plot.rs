//! The comparison as a picture: SVG by hand, legible on light and on dark.

use std::fmt::Write;

use crate::authorizers::{Comparison, Row};
use crate::contestants::Part;
use crate::targets;

const WIDTH: f64 = 760.0;
const LABEL: f64 = 300.0;
const BAR: f64 = 13.0;
const STEP: f64 = 19.0;

/// What one panel of bars shows.
struct Panel {
    title: &'static str,
    figure: fn(&Row) -> f64,
    decimals: usize,
}

/// One panel for each figure, one bar for each authorizer, on a logarithmic scale: they differ by orders of magnitude.
pub(crate) fn draw(outcome: &Comparison) -> String {
    let panels = [
        Panel { title: "Start to first answer, ms", figure: targets::start, decimals: 1 },
        Panel { title: "Warm p50, ms", figure: |row| row.sample.p50_ms, decimals: 2 },
        Panel { title: "CPU for 1,000 authorizations, ms", figure: |row| row.sample.cpu_ms, decimals: 0 },
        Panel { title: "Memory (RSS), MiB", figure: |row| row.sample.rss_mib, decimals: 1 },
    ];
    let mut body = String::new();
    let mut top = 8.0;
    for panel in &panels {
        top = draw_panel(&mut body, panel, &outcome.rows, top);
    }
    let height = top + 14.0;
    write!(body, "<text class=\"n\" x=\"8\" y=\"{top:.0}\">Logarithmic; medians of {} rounds.</text>", outcome.rounds)
        .unwrap();
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height:.0}\" role=\"img\" \
         aria-label=\"Costs of an authorization, by authorizer\">\n<style>\
         text{{font:12px system-ui,sans-serif;fill:#24292f}}.t{{font-weight:600}}.n{{fill:#57606a}}\
         .b{{fill:#8c959f}}.o{{fill:#0969da}}\
         @media(prefers-color-scheme:dark){{text{{fill:#e6edf3}}.n{{fill:#9198a1}}.b{{fill:#6e7681}}.o{{fill:#4493f8}}}}\
         </style>\n{body}\n</svg>\n"
    )
}

/// Draws one panel and returns where the next begins.
fn draw_panel(body: &mut String, panel: &Panel, rows: &[Row], top: f64) -> f64 {
    let values: Vec<f64> = rows.iter().map(panel.figure).collect();
    let least = values.iter().copied().fold(f64::INFINITY, f64::min);
    let most = values.iter().copied().fold(least * 1.01, f64::max);
    writeln!(body, "<text class=\"t\" x=\"8\" y=\"{:.0}\">{}</text>", top + 12.0, panel.title).unwrap();
    let mut y = top + 20.0;
    for (row, value) in rows.iter().zip(values) {
        // The least has a bar too: the scale begins at half of it.
        let length = (WIDTH - LABEL - 70.0) * (value / least * 2.0).ln() / (most / least * 2.0).ln();
        let class = if row.part == Part::Ours { "o" } else { "b" };
        let (baseline, end, decimals) = (y + BAR - 2.0, LABEL + length + 6.0, panel.decimals);
        writeln!(
            body,
            "<text x=\"{:.0}\" y=\"{baseline:.0}\" text-anchor=\"end\">{}</text>\
             <rect class=\"{class}\" x=\"{LABEL}\" y=\"{y:.0}\" width=\"{length:.1}\" height=\"{BAR}\" rx=\"2\"/>\
             <text x=\"{end:.1}\" y=\"{baseline:.0}\">{value:.decimals$}</text>",
            LABEL - 8.0,
            escaped(&row.name),
        )
        .unwrap();
        y += STEP;
    }
    y + 12.0
}

fn escaped(name: &str) -> String {
    name.replace("**", "").replace('&', "&amp;").replace('<', "&lt;")
}
