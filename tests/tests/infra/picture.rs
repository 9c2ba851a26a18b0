//! Draws a dashboard, as `CloudWatch` would, as an SVG.

use std::fmt::Write;
use std::ops::Range;

use serde_json::Value;

use crate::cloudwatch::{CloudWatch, Minute, Statistic};
use crate::dashboard::{Series, series};

/// How many pixels a unit of the dashboard's grid has.
const UNIT: [f64; 2] = [42.0, 34.0];
/// What stands around the lines of a widget: left, top, right, bottom.
const MARGINS: [f64; 4] = [52.0, 30.0, 14.0, 42.0];
/// How wide a letter of a legend is, at most.
const LETTER: f64 = 6.0;
const GREY: &str = "#5f6b7a";

/// The dashboard with what was measured in these minutes.
pub fn draw(body: &Value, watch: &CloudWatch, minutes: Range<Minute>) -> String {
    let widgets = body["widgets"].as_array().unwrap();
    let bottom = |widget: &Value| number(&widget["y"]) + number(&widget["height"]);
    let rows = widgets.iter().map(bottom).fold(0.0, f64::max);
    let (width, height) = (24.0 * UNIT[0], rows * UNIT[1]);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" \
         font-family=\"Helvetica, Arial, sans-serif\" font-size=\"11\">\n\
         <rect width=\"{width}\" height=\"{height}\" fill=\"#f2f3f3\"/>\n"
    );
    for widget in widgets {
        Frame::of(widget).draw(&mut svg, widget, watch, &minutes);
    }
    svg.push_str("</svg>\n");
    svg
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap()
}

/// Where a widget is.
struct Frame {
    left: f64,
    top: f64,
    width: f64,
    height: f64,
}

impl Frame {
    fn of(widget: &Value) -> Self {
        let [left, top, width, height] = ["x", "y", "width", "height"].map(|name| number(&widget[name]));
        Self {
            left: left * UNIT[0] + 4.0,
            top: top * UNIT[1] + 4.0,
            width: width * UNIT[0] - 8.0,
            height: height * UNIT[1] - 8.0,
        }
    }

    fn draw(&self, svg: &mut String, widget: &Value, watch: &CloudWatch, minutes: &Range<Minute>) {
        let properties = &widget["properties"];
        let Self { left, top, width, height } = self;
        write!(
            svg,
            "<rect x=\"{left}\" y=\"{top}\" width=\"{width}\" height=\"{height}\" rx=\"6\" fill=\"#fff\" stroke=\"#d5dbdb\"/>\n\
             <text x=\"{}\" y=\"{}\" font-size=\"13\" font-weight=\"bold\" fill=\"#16191f\">{}</text>\n",
            left + 12.0,
            top + 19.0,
            properties["title"].as_str().unwrap()
        )
        .unwrap();
        let period = properties["period"].as_u64().unwrap() / 60;
        let series = series(widget);
        let mut points: Vec<_> = series.iter().map(|series| points(series, watch, minutes, period)).collect();
        let is_stacked = properties["stacked"] == true;
        if is_stacked {
            stack(&mut points);
        }
        let lines: Vec<_> = properties["annotations"]["horizontal"].as_array().into_iter().flatten().collect();
        let highest = points.iter().flatten().flatten().copied();
        let most = round_up(highest.chain(lines.iter().map(|line| number(&line["value"]) * 1.05)).fold(0.0, f64::max));
        self.draw_axes(svg, minutes, most);
        // Of a stack the last one is the highest, and the others cover it.
        for (series, points) in series.iter().zip(&points).rev() {
            self.draw_series(svg, series, points, most, is_stacked);
        }
        for line in lines {
            let y = self.y(number(&line["value"]), most);
            write!(
                svg,
                "<path d=\"M{:.0} {y:.1}H{:.0}\" stroke=\"{color}\" stroke-dasharray=\"4 3\"/>\n\
                 <text x=\"{:.0}\" y=\"{:.1}\" fill=\"{color}\">{}</text>\n",
                left + MARGINS[0],
                left + width - MARGINS[2],
                left + MARGINS[0] + 4.0,
                y - 3.0,
                line["label"].as_str().unwrap(),
                color = line["color"].as_str().unwrap(),
            )
            .unwrap();
        }
        self.draw_legend(svg, &series);
    }
}

impl Frame {
    fn y(&self, value: f64, most: f64) -> f64 {
        let height = self.height - MARGINS[1] - MARGINS[3];
        self.top + MARGINS[1] + height * (1.0 - value / most)
    }

    /// Where the middle of a point is, of so many.
    #[expect(clippy::cast_precision_loss, reason = "they are few")]
    fn x(&self, at: usize, of: usize) -> f64 {
        let width = self.width - MARGINS[0] - MARGINS[2];
        self.left + MARGINS[0] + width * (at as f64 + 0.5) / of as f64
    }

    #[expect(clippy::cast_precision_loss, reason = "they are few")]
    fn draw_axes(&self, svg: &mut String, minutes: &Range<Minute>, most: f64) {
        let (left, right) = (self.left + MARGINS[0], self.left + self.width - MARGINS[2]);
        for part in 0..=2 {
            let value = most * f64::from(part) / 2.0;
            let y = self.y(value, most);
            write!(
                svg,
                "<path d=\"M{left} {y:.1}H{right}\" stroke=\"#e9ebed\"/>\n\
                 <text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\" fill=\"{GREY}\">{}</text>\n",
                left - 6.0,
                y + 4.0,
                short(value)
            )
            .unwrap();
        }
        let hours = (minutes.end - minutes.start) / 60;
        for hour in 0..=hours {
            let x = left + (right - left) * hour as f64 / hours as f64;
            let y = self.top + self.height - MARGINS[3] + 14.0;
            let anchor = if hour == hours { "end" } else { "middle" };
            let time = format!("{:02}:00", minutes.start / 60 + hour);
            writeln!(svg, "<text x=\"{x:.0}\" y=\"{y:.0}\" text-anchor=\"{anchor}\" fill=\"{GREY}\">{time}</text>")
                .unwrap();
        }
    }

    fn draw_series(&self, svg: &mut String, series: &Series<'_>, points: &[Option<f64>], most: f64, is_stacked: bool) {
        let color = series.color;
        let found: Vec<_> = points
            .iter()
            .enumerate()
            .filter_map(|(at, point)| Some((self.x(at, points.len()), self.y((*point)?, most))))
            .collect();
        let Some((first, last)) = found.first().zip(found.last()) else { return };
        let path: Vec<_> = found.iter().map(|(x, y)| format!("{x:.0} {y:.1}")).collect();
        let path = format!("M{}", path.join("L"));
        if is_stacked {
            let bottom = self.y(0.0, most);
            let area = format!("{path}L{:.0} {bottom:.1}L{:.0} {bottom:.1}Z", last.0, first.0);
            writeln!(svg, "<path d=\"{area}\" fill=\"{color}\"/>").unwrap();
        } else {
            writeln!(svg, "<path d=\"{path}\" fill=\"none\" stroke=\"{color}\" stroke-width=\"1.6\"/>").unwrap();
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "they are short")]
    fn draw_legend(&self, svg: &mut String, series: &[Series<'_>]) {
        let (mut x, y) = (self.left + 12.0, self.top + self.height - 10.0);
        for Series { label, color, .. } in series {
            write!(
                svg,
                "<rect x=\"{x:.0}\" y=\"{:.0}\" width=\"9\" height=\"9\" fill=\"{color}\"/>\n\
                 <text x=\"{:.0}\" y=\"{y:.0}\" fill=\"#16191f\">{label}</text>\n",
                y - 8.5,
                x + 13.0
            )
            .unwrap();
            x += 13.0 + label.len() as f64 * LETTER + 12.0;
        }
        assert!(x < self.left + self.width, "the legend is too long: {}", series[0].label);
    }
}

/// A point of each period. A sum of nothing is 0; any other point is missing then.
fn points(series: &Series<'_>, watch: &CloudWatch, minutes: &Range<Minute>, period: u64) -> Vec<Option<f64>> {
    let starts = minutes.clone().step_by(usize::try_from(period).unwrap());
    let point = |start| watch.point(&series.metric, series.statistic, start..start + period, Minute::MAX);
    let has_any = watch.has(&series.metric);
    let of_nothing = (series.statistic == Statistic::Sum && has_any).then_some(0.0);
    starts.map(|start| point(start).or(of_nothing)).collect()
}

/// Puts each line on those before it.
fn stack(points: &mut [Vec<Option<f64>>]) {
    let mut below = vec![0.0; points[0].len()];
    for line in points {
        for (point, below) in line.iter_mut().zip(&mut below) {
            *below += point.unwrap_or_default();
            *point = Some(*below);
        }
    }
}

/// The next of 1, 2, 4, 6 and 10 times a power of ten.
fn round_up(most: f64) -> f64 {
    if most <= 0.0 {
        return 1.0;
    }
    let power = 10_f64.powf(most.log10().floor());
    let steps = [1.0, 2.0, 4.0, 6.0, 10.0];
    steps.into_iter().map(|step| step * power).find(|step| *step >= most).unwrap_or(10.0 * power)
}

fn short(value: f64) -> String {
    if value >= 10_000.0 { format!("{}k", value / 1000.0) } else { format!("{}", (value * 1000.0).round() / 1000.0) }
}
