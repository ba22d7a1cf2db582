//! Order of members and elements, on texts that are partly still trees.

use std::cell::Cell;
use std::cmp::Ordering;
use std::ops::Range;

use super::keys::Keys;
use crate::Tick;

/// A [`Member`] without a tree: its text is whole.
pub(super) const NO_TREE: u32 = u32::MAX;

/// Calls the tick once in a thousand times.
pub(super) struct Ticker<'a> {
    tick: Tick<'a>,
    left: Cell<u32>,
}

impl<'a> Ticker<'a> {
    const EVERY: u32 = 1000;

    pub(super) fn new(tick: Tick<'a>) -> Self {
        Self { tick, left: Cell::new(Self::EVERY) }
    }

    pub(super) fn tick(&self) -> Tick<'a> {
        self.tick
    }

    #[inline]
    pub(super) fn count(&self) {
        match self.left.get() {
            0 => {
                self.left.set(Self::EVERY);
                (self.tick)();
            }
            left => self.left.set(left - 1),
        }
    }
}

/// An element of an array or a member of an object: a range of the store's text (the key with its
/// colon, then the value), followed by a tree where the value is not flat.
#[derive(Clone, Copy)]
pub(super) struct Member {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) tree: u32,
    /// Index of the key, while its object is being read; nothing in an array.
    pub(super) key: u32,
}

/// A container that is not flat; its members are in canonical order.
pub(super) struct Tree {
    pub(super) object: bool,
    pub(super) members: Range<usize>,
}

/// Everything read so far.
#[derive(Default)]
pub(super) struct Store {
    pub(super) text: String,
    pub(super) trees: Vec<Tree>,
    pub(super) members: Vec<Member>,
}

impl Store {
    /// The canonical text of a member, piece by piece. The last piece is never empty.
    pub(super) fn pieces(&self, member: &Member) -> Pieces<'_> {
        Pieces { store: self, next: Some(*member), enter: NO_TREE, open: Vec::new() }
    }

    fn compare(&self, a: &Member, b: &Member, ticker: &Ticker<'_>) -> Ordering {
        if a.tree == NO_TREE && b.tree == NO_TREE {
            return self.text.as_bytes()[a.start..a.end].cmp(&self.text.as_bytes()[b.start..b.end]);
        }
        let (mut a, mut b) = (self.pieces(a), self.pieces(b));
        let (mut x, mut y): (&[u8], &[u8]) = (&[], &[]);
        loop {
            ticker.count();
            if x.is_empty() {
                match a.next() {
                    Some(piece) => x = piece.as_bytes(),
                    None if y.is_empty() && b.next().is_none() => return Ordering::Equal,
                    None => return Ordering::Less,
                }
            } else if y.is_empty() {
                match b.next() {
                    Some(piece) => y = piece.as_bytes(),
                    None => return Ordering::Greater,
                }
            } else {
                let both = x.len().min(y.len());
                match x[..both].cmp(&y[..both]) {
                    Ordering::Equal => (x, y) = (&x[both..], &y[both..]),
                    unequal => return unequal,
                }
            }
        }
    }
}

/// Iterates over the pieces of a canonical text. Depth is on the heap.
pub(super) struct Pieces<'a> {
    store: &'a Store,
    next: Option<Member>,
    enter: u32,
    /// The containers begun: what is left of each, and whether a comma comes next.
    open: Vec<(&'a Tree, Range<usize>, bool)>,
}

impl<'a> Iterator for Pieces<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        if let Some(member) = self.next.take() {
            self.enter = member.tree;
            return Some(&self.store.text[member.start..member.end]);
        }
        if self.enter != NO_TREE {
            let tree = &self.store.trees[self.enter as usize];
            self.enter = NO_TREE;
            self.open.push((tree, tree.members.clone(), false));
            return Some(if tree.object { "{" } else { "[" });
        }
        let (tree, left, comma) = self.open.last_mut()?;
        match left.next() {
            Some(at) => {
                self.next = Some(self.store.members[at]);
                Some(if std::mem::replace(comma, true) { "," } else { "" })
            }
            None => {
                let close = if tree.object { "}" } else { "]" };
                self.open.pop();
                Some(close)
            }
        }
    }
}

/// From so many elements on it pays to prepare them.
const MANY: usize = 32;

/// Sorts the elements of an array by the UTF-8 bytes of their canonical texts.
pub(super) fn sort_elements(elements: &mut [Member], store: &Store, ticker: &Ticker<'_>) {
    let text = |member: &Member| &store.text.as_bytes()[member.start..member.end];
    let many_flat = elements.len() >= MANY && elements.iter().all(|member| member.tree == NO_TREE);
    // Equal elements have equal texts, so their order does not show and the sort may be unstable.
    let Some(first) = elements.first().filter(|_| many_flat).map(text) else {
        elements.sort_unstable_by(|a, b| {
            ticker.count();
            store.compare(a, b, ticker)
        });
        return;
    };
    // Elements of one kind often begin alike (`{"id":"`): the eight bytes after what is common to all
    // of them decide most comparisons. No canonical text holds a NUL, so padding with it is sound.
    let mut common = first.len();
    for element in &*elements {
        ticker.count();
        let alike = first[..common].iter().zip(text(element)).take_while(|(a, b)| a == b).count();
        common = common.min(alike);
    }
    let head = |member: &Member| {
        let rest = &text(member)[common..];
        let mut head = [0; 8];
        let length = rest.len().min(8);
        head[..length].copy_from_slice(&rest[..length]);
        u64::from_be_bytes(head)
    };
    let mut headed: Vec<(u64, Member)> = elements.iter().map(|member| (head(member), *member)).collect();
    headed.sort_unstable_by(|(head_a, a), (head_b, b)| {
        ticker.count();
        head_a.cmp(head_b).then_with(|| text(a)[common..].cmp(&text(b)[common..]))
    });
    for (element, (_, member)) in elements.iter_mut().zip(headed) {
        *element = member;
    }
}

/// Sorts the members from `first` on by the UTF-16 code units of their keys (RFC 8785, section
/// 3.2.3), and of equal keys keeps the last.
pub(super) fn sort_keys(members: &mut Vec<Member>, first: usize, keys: &Keys, ticker: &Ticker<'_>) {
    let key = |member: &Member| keys.get(member.key as usize);
    members[first..].sort_unstable_by(|a, b| {
        ticker.count();
        compare_utf16(key(a), key(b)).then(a.start.cmp(&b.start))
    });
    let mut kept = first;
    for at in first..members.len() {
        let repeated = at > first && key(&members[at]) == key(&members[kept - 1]);
        if !repeated {
            kept += 1;
        }
        members[kept - 1] = members[at];
    }
    members.truncate(kept);
}

/// Compares by UTF-16 code units. UTF-8 bytes give the same order except between a character beyond
/// U+FFFF (first byte F0 to F4; in UTF-16 a surrogate, D800 to DFFF) and one from U+E000 to U+FFFF
/// (first byte EE or EF).
fn compare_utf16(a: &str, b: &str) -> Ordering {
    let rank = |byte: u8| if matches!(byte, 0xee | 0xef) { byte + 0x10 } else { byte };
    match a.bytes().zip(b.bytes()).find(|(x, y)| x != y) {
        Some((x, y)) => rank(x).cmp(&rank(y)),
        None => a.len().cmp(&b.len()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::compare_utf16;

    proptest! {
        #[test]
        fn utf_16_order_is_that_of_the_code_units(
            a in "[a\u{7f}\u{7ff}\u{800}\u{d7ff}\u{e000}\u{fb33}\u{ffff}\u{10000}😀\u{10ffff}]{0,3}",
            b in "[a\u{7f}\u{7ff}\u{800}\u{d7ff}\u{e000}\u{fb33}\u{ffff}\u{10000}😀\u{10ffff}]{0,3}",
        ) {
            prop_assert_eq!(compare_utf16(&a, &b), a.encode_utf16().cmp(b.encode_utf16()));
        }
    }
}
