//! The places found, and the text without them.

use super::marker::{Label, PREFIX};
use super::view::{REDACTED, View};

/// A part of a view: `[start, end)`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) label: Label,
    /// The earlier layer knows better what it was.
    order: usize,
    /// A number in JSON becomes a string: where the quote is that closes its name.
    quote: Option<usize>,
}

/// A part of the source that is replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) label: Label,
    /// The marker is put in quotes: how these are written in the source; an empty range for a plain one.
    pub(super) quote: Option<(usize, usize)>,
}

impl Piece {
    /// The same piece of a text in which its own begins at `by`.
    pub(super) fn moved(self, by: usize) -> Piece {
        let quote = self.quote.map(|(start, end)| (start + by, end + by));
        Piece { start: self.start + by, end: self.end + by, label: self.label, quote }
    }
}

#[derive(Default)]
pub(super) struct Spans {
    found: Vec<Span>,
}

impl Spans {
    pub(super) fn add(&mut self, view: &View, start: usize, end: usize, label: Label) {
        // A marker that is all there is stays as it is.
        if start < end && !view.slice(start, end).iter().all(|&b| b == REDACTED) {
            self.found.push(Span { start, end, label, order: self.found.len(), quote: None });
        }
    }

    /// A number that becomes a string, with quotes like that at `quote`.
    pub(super) fn add_number(&mut self, view: &View, start: usize, end: usize, label: Label, quote: usize) {
        self.add(view, start, end, label);
        if let Some(last) = self.found.last_mut().filter(|last| (last.start, last.end) == (start, end)) {
            last.quote = Some(quote);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// Sorted; what overlaps or touches is one.
    pub(super) fn merge(&mut self) {
        self.found.sort_unstable_by_key(|s| (s.start, s.order));
        let mut merged: Vec<Span> = Vec::with_capacity(self.found.len());
        for span in self.found.drain(..) {
            match merged.last_mut() {
                Some(last) if span.start <= last.end => {
                    if span.end > last.end || span.start > last.start {
                        last.quote = None;
                    }
                    last.end = last.end.max(span.end);
                    if span.order < last.order {
                        (last.label, last.order) = (span.label, span.order);
                    }
                }
                _ => merged.push(span),
            }
        }
        self.found = merged;
        // What is added later comes after all of these.
        for (order, span) in self.found.iter_mut().enumerate() {
            span.order = order;
        }
    }

    pub(super) fn list(&self) -> &[Span] {
        &self.found
    }

    /// The spans, which are merged, as parts of the source.
    pub(super) fn pieces(&self, view: &View) -> Vec<Piece> {
        let place = |i: usize| (view.source(i), view.source(i + 1));
        let piece = |span: &Span| Piece {
            start: view.source(span.start),
            end: view.source(span.end),
            label: span.label,
            quote: span.quote.map(place),
        };
        self.found.iter().map(piece).collect()
    }
}

/// The source with each piece replaced.
pub(super) fn render(text: &str, pieces: &[Piece]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut copied = 0;
    for piece in pieces {
        let quote = piece.quote.map_or("", |(start, end)| if start < end { &text[start..end] } else { "\"" });
        out.push_str(&text[copied..piece.start]);
        out.push_str(quote);
        out.push_str(PREFIX);
        out.push_str(piece.label);
        out.push(']');
        out.push_str(quote);
        copied = piece.end;
    }
    out.push_str(&text[copied..]);
    out
}
