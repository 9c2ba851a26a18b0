//! Bars of text, drawn with Unicode's block elements.

/// What the parts of a bar look like.
pub(crate) const LEGEND: &str = "█ allowed  ░ limited  ▒ denied";
/// The narrowest column of bars: a cell for each part.
pub(crate) const MIN_WIDTH: usize = 3;

/// What fills a cell of the allowed part from the left, by its eighths.
const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/// A bar of what was allowed, limited and denied; `most` requests are `width` cells, and no bar has more.
///
/// Each part that is not 0 is visible, from [`MIN_WIDTH`] cells on. The shades have no eighths: their parts are whole cells.
pub(crate) fn bar(parts: [u64; 3], most: u128, width: usize) -> String {
    let steps = width * 8;
    let [allowed, limited, denied] = parts.map(|part| {
        let eighths = u128::from(part) * steps as u128 / most.max(1);
        usize::try_from(eighths).unwrap_or(steps).min(steps).max(usize::from(part > 0))
    });
    let [limited, denied] = [limited, denied].map(|eighths| match eighths {
        0 => 0,
        _ => ((eighths + 4) / 8).max(1) * 8,
    });
    let mut parts = [allowed, limited, denied];
    // What was rounded up takes its place from the longest part, which is still seen.
    while parts.iter().map(|eighths| eighths.div_ceil(8)).sum::<usize>() > width {
        if let Some(longest) = parts.iter_mut().max() {
            *longest = (*longest - 1) / 8 * 8;
        }
    }
    let [allowed, limited, denied] = parts;
    let rest = EIGHTHS.get(allowed % 8).copied().unwrap_or_default();
    format!("{}{rest}{}{}", "█".repeat(allowed / 8), "░".repeat(limited / 8), "▒".repeat(denied / 8))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_bar_fills_its_column_and_the_others_are_in_proportion() {
        assert_eq!(bar([80, 0, 0], 80, 10), "██████████");
        assert_eq!(bar([40, 24, 16], 80, 10), "█████░░░▒▒");
        assert_eq!(bar([0, 80, 0], 80, 10), "░░░░░░░░░░");
        assert_eq!(bar([0, 0, 20], 80, 10), "▒▒▒", "shades are rounded to whole cells");
        let eighths: Vec<_> = (0..=8).map(|allowed| bar([allowed, 0, 0], 80, 10)).collect();
        assert_eq!(eighths, ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"]);
    }

    #[test]
    fn every_count_above_zero_is_visible() {
        let most = 1_000_000_000;
        assert_eq!(bar([1, 0, 0], most, 10), "▏");
        assert_eq!(bar([0, 1, 1], most, 10), "░▒");
        assert_eq!(bar([999_999_998, 1, 1], most, 10), "████████░▒");
        assert_eq!(bar([1, 999_999_998, 1], most, 10), "▏░░░░░░░░▒");
        assert_eq!(bar([0, 0, 0], most, 10), "");
        assert_eq!(bar([0, 0, 0], 0, 10), "");
    }

    #[test]
    fn no_bar_is_wider_than_its_column_and_no_part_is_lost() {
        let counts = &[0, 1, 2, 3, 5, 8, 50, 333, 1000, u64::MAX / 4, u64::MAX];
        let triples =
            counts.iter().flat_map(|a| counts.iter().flat_map(move |b| counts.iter().map(move |c| [*a, *b, *c])));
        for parts in triples {
            let total = parts.into_iter().map(u128::from).sum::<u128>();
            for width in 0..40 {
                for most in [total, total + 1, total * 3] {
                    let bar = bar(parts, most, width);
                    assert!(bar.chars().count() <= width, "{parts:?} of {most} in {width}: {bar}");
                    let [allowed, limited, denied] = parts.map(|part| part > 0 && width >= MIN_WIDTH);
                    let seen = |blocks: &str| bar.contains(|c| blocks.contains(c));
                    assert!(!allowed || seen("▏▎▍▌▋▊▉█"), "{parts:?} of {most} in {width}: {bar}");
                    assert!(!limited || seen("░"), "{parts:?} of {most} in {width}: {bar}");
                    assert!(!denied || seen("▒"), "{parts:?} of {most} in {width}: {bar}");
                }
            }
        }
    }

    #[test]
    fn large_counts_are_exact() {
        let most = u64::MAX / 4;
        assert_eq!(bar([most, 0, 0], most.into(), 10), "██████████");
        assert_eq!(bar([most - 1, 0, 0], most.into(), 10), "█████████▉");
        assert_eq!(bar([most / 2, 0, 0], most.into(), 10), "████▉");
        assert_eq!(bar([most / 2 + 1, 0, 0], most.into(), 10), "█████");
    }
}
