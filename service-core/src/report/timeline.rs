//! [`Timeline`]: a boot or a shutdown drawn as one bar for each service.

use std::fmt;
use std::time::Duration;

use crate::base::{columns, lasted, sort_by};

#[cfg(test)]
mod tests;

/// The width of a terminal that says nothing else.
const WIDTH: usize = 80;
/// The narrowest that has a place for bars.
const NARROWEST: usize = 40;
const LONGEST_NAME: usize = 24;
/// The column of the own time.
const TIME: usize = 8;
/// More services than this are shortened to those that explain the duration.
const MANY: usize = 50;

/// A boot or a shutdown, drawn as one bar for each service, in the order of their starts or stops.
///
/// Displays in 80 columns, without colours. Of more than 50 services, those that took less than a hundredth of the whole time
/// and of which there is nothing else to say share one line at the end; [`all`](Self::all) draws each of them.
///
/// ```
/// use std::io::IsTerminal;
///
/// use service_core::{Definition, Registry};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> service_core::Result<()> {
/// let registry = Registry::builder().isolated().define(Definition::new("cache")).boot().await?;
/// let timeline = registry.report().timeline().color(std::io::stdout().is_terminal());
/// println!("{timeline}");
/// # registry.shutdown().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Timeline {
    pub(super) title: String,
    pub(super) total: Duration,
    pub(super) rows: Vec<Row>,
    /// What each kind of bar stands for.
    pub(super) legend: &'static [(Bar, &'static str)],
    pub(super) notes: Vec<String>,
    pub(super) width: usize,
    pub(super) color: bool,
    pub(super) all: bool,
}

/// One service.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) name: String,
    /// Whether it is on the critical path.
    pub(super) is_marked: bool,
    pub(super) has_failed: bool,
    /// One after the other: what each is, and when it begins and ends.
    pub(super) bars: Vec<(Bar, Duration, Duration)>,
    pub(super) own: Duration,
    /// What there is to say besides the time; empty if it went as expected.
    pub(super) note: String,
}

/// What a service did for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bar {
    Waits,
    WaitsForSlot,
    Drains,
    Own,
}

impl Bar {
    fn letter(self) -> char {
        match self {
            Self::Waits => '·',
            Self::WaitsForSlot => '░',
            Self::Drains => '▒',
            Self::Own => '█',
        }
    }
}

/// The colours, as the codes of a terminal.
const DIM: &str = "2";
const BOLD: &str = "1";
const RED: &str = "31";
const YELLOW: &str = "33";
const GREEN: &str = "32";

impl Timeline {
    pub(super) fn new(
        title: String,
        total: Duration,
        mut rows: Vec<Row>,
        legend: &'static [(Bar, &'static str)],
    ) -> Self {
        let begin = |row: &Row| row.bars.iter().find(|(bar, ..)| !bar.is_waiting()).map(|(_, from, _)| *from);
        sort_by(&mut rows, |a, b| (begin(a).is_none(), begin(a)).cmp(&(begin(b).is_none(), begin(b))));
        Self { title, total, rows, legend, notes: Vec::new(), width: WIDTH, color: false, all: false }
    }

    /// In this many columns, at least 40.
    pub fn width(self, columns: usize) -> Self {
        Self { width: columns.max(NARROWEST), ..self }
    }

    /// Whether to use the colours of a terminal; `false` by default.
    pub fn color(self, color: bool) -> Self {
        Self { color, ..self }
    }

    /// Whether to draw each service, however many there are; `false` by default.
    pub fn all(self, all: bool) -> Self {
        Self { all, ..self }
    }

    fn paint(&self, code: &str, text: &str) -> String {
        if self.color && !text.trim().is_empty() { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }

    /// The rows to draw, and how many are not drawn.
    fn drawn(&self) -> (Vec<&Row>, usize) {
        let short = self.total / 100;
        let is_dull = |row: &Row| row.own <= short && row.note.is_empty() && !row.is_marked && !row.has_failed;
        let is_drawn = |row: &&Row| self.all || self.rows.len() <= MANY || !is_dull(row);
        let drawn: Vec<_> = self.rows.iter().filter(is_drawn).collect();
        let left_out = self.rows.len() - drawn.len();
        (drawn, left_out)
    }

    fn line(&self, row: &Row, layout: &Layout) -> String {
        let name = columns::fitted(&row.name, layout.name);
        let name = match (row.has_failed, row.is_marked) {
            (true, _) => self.paint(RED, &name),
            (_, true) => self.paint(BOLD, &name),
            _ => name,
        };
        let mark = if row.is_marked { self.paint(YELLOW, "▸") } else { " ".to_owned() };
        let own = if row.bars.iter().any(|(bar, ..)| *bar == Bar::Own) { short_time(row.own) } else { String::new() };
        let note = if row.note.is_empty() { String::new() } else { format!(" {}", row.note) };
        let note = self.paint(if row.has_failed { RED } else { YELLOW }, &note);
        let line = format!("{mark} {name} {}{own:>TIME$}{note}", self.bars(row, layout));
        line.trim_end().to_owned()
    }

    /// The bars of one row, one letter a column.
    fn bars(&self, row: &Row, layout: &Layout) -> String {
        let mut cells: Vec<Option<Bar>> = vec![None; layout.bars];
        for &(bar, from, to) in &row.bars {
            // Own time is seen, however short it is.
            let least = usize::from(bar == Bar::Own);
            let first = layout.column(from).min(layout.bars - least);
            let end = layout.column(to).clamp(first + least, layout.bars);
            cells[first..end].fill(Some(bar));
        }
        let runs = cells.chunk_by(|a, b| a == b);
        runs.map(|run| match run[0] {
            None => " ".repeat(run.len()),
            Some(bar) => self.paint(row.color(bar), &bar.letter().to_string().repeat(run.len())),
        })
        .collect()
    }
}

impl Row {
    fn color(&self, bar: Bar) -> &'static str {
        match bar {
            Bar::Own if self.has_failed => RED,
            Bar::Own if self.is_marked => YELLOW,
            Bar::Own => GREEN,
            _ => DIM,
        }
    }
}

impl Bar {
    fn is_waiting(self) -> bool {
        matches!(self, Self::Waits | Self::WaitsForSlot)
    }
}

/// The widths of the columns.
struct Layout {
    name: usize,
    bars: usize,
    total: Duration,
}

impl Layout {
    fn new(timeline: &Timeline, rows: &[&Row]) -> Self {
        let longest = |text: &dyn Fn(&Row) -> usize| rows.iter().map(|row| text(row)).max().unwrap_or(0);
        let name =
            longest(&|row| columns::width(&columns::visible(&row.name))).min(LONGEST_NAME).min(timeline.width / 3);
        let note = longest(&|row| columns::width(&row.note));
        let note = if note == 0 { 0 } else { note + 1 };
        // The mark and a space, and a space after the name.
        let bars = timeline.width.saturating_sub(name + 3 + TIME + note).max(1);
        Self { name, bars, total: timeline.total }
    }

    /// The column of a moment.
    fn column(&self, moment: Duration) -> usize {
        if self.total.is_zero() {
            return 0;
        }
        let part = moment.min(self.total).as_secs_f64() / self.total.as_secs_f64();
        (part * self.bars as f64).round() as usize
    }
}

/// A time in at most seven columns: `1.25s`, `12.5ms`, `340µs`.
fn short_time(time: Duration) -> String {
    let (nanos, seconds) = (time.as_nanos(), time.as_secs_f64());
    match nanos {
        0 => "0".to_owned(),
        1..1_000 => format!("{nanos}ns"),
        1_000..1_000_000 => format!("{}µs", nanos / 1_000),
        1_000_000..100_000_000 => trimmed(seconds * 1e3, "ms"),
        100_000_000..1_000_000_000 => format!("{}ms", nanos / 1_000_000),
        _ if seconds < 100.0 => trimmed(seconds, "s"),
        _ if seconds < 1e6 => format!("{seconds:.0}s"),
        _ => format!("{:.0}d", seconds / 86_400.0),
    }
}

/// With one or two decimals, without zeros at the end.
fn trimmed(number: f64, unit: &str) -> String {
    let text = if number < 10.0 { format!("{number:.2}") } else { format!("{number:.1}") };
    format!("{}{unit}", text.trim_end_matches('0').trim_end_matches('.'))
}

impl fmt::Display for Timeline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.title)?;
        let (rows, left_out) = self.drawn();
        let layout = Layout::new(self, &rows);
        if !rows.is_empty() {
            let end = short_time(self.total);
            let scale = format!("0{end:>width$}", width = layout.bars.saturating_sub(1));
            write!(f, "\n{:indent$}{}", "", self.paint(DIM, &scale), indent = layout.name + 3)?;
        }
        for row in rows {
            write!(f, "\n{}", self.line(row, &layout))?;
        }
        if left_out > 0 {
            let (services, each) = if left_out == 1 { ("service", "") } else { ("services", "each ") };
            let short = short_time(lasted(self.total / 100));
            write!(f, "\n  and {left_out} more {services}, {each}at most {short}")?;
        }
        for note in &self.notes {
            write!(f, "\n  {note}")?;
        }
        let used = |bar: Bar| {
            self.rows
                .iter()
                .any(|row| row.bars.iter().any(|(it, from, to)| *it == bar && (from < to || bar == Bar::Own)))
        };
        let mut legend: Vec<_> = self
            .legend
            .iter()
            .filter(|(bar, _)| used(*bar))
            .map(|(bar, words)| format!("{} {words}", bar.letter()))
            .collect();
        if self.rows.iter().any(|row| row.is_marked) {
            legend.push("▸ critical path".to_owned());
        }
        if legend.is_empty() { Ok(()) } else { write!(f, "\n  {}", self.paint(DIM, &legend.join("   "))) }
    }
}
