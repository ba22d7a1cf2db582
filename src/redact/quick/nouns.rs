//! The nouns of names that announce a secret, found by the ends of names.

use crate::value::name_byte;

/// The nouns of names, by their last three bytes, of each the last five bits.
pub(super) struct Nouns {
    /// Whether a noun ends so, a bit each.
    bits: Box<[u32; 1 << 10]>,
    /// By the last byte: each noun, and whether it may be the end of a longer word.
    by_last: [Vec<(&'static [u8], bool)>; 32],
}

impl Nouns {
    pub(super) fn new() -> Nouns {
        Nouns { bits: Box::new([0; 1 << 10]), by_last: std::array::from_fn(|_| Vec::new()) }
    }

    pub(super) fn add(&mut self, noun: &'static [u8], ending: bool) {
        let [.., before, last] = *noun else { return };
        let third = noun.len().checked_sub(3).map(|at| noun[at]);
        // The byte before a noun of two may be any.
        for third in third.map_or(0..=31, |b| b..=b) {
            let at = Self::place(third, before, last);
            self.bits[at >> 5] |= 1 << (at & 31);
        }
        self.by_last[usize::from(last & 31)].push((noun, ending));
    }

    fn place(third: u8, before: u8, last: u8) -> usize {
        usize::from(third & 31) << 10 | usize::from(before & 31) << 5 | usize::from(last & 31)
    }

    /// Whether the name that ends before `end`, if one does, has a noun in it.
    pub(super) fn announces(&self, bytes: &[u8], end: usize) -> bool {
        let get = |at: usize, back: usize| at.checked_sub(back).map_or(0, |i| bytes[i]);
        let mut at = end;
        while at > 0 && name_byte(bytes[at - 1]) {
            if !continues(bytes, at) {
                let place = Self::place(get(at, 3), get(at, 2), get(at, 1));
                if self.bits[place >> 5] >> (place & 31) & 1 != 0 && self.ends(bytes, at) {
                    return true;
                }
            }
            at -= 1;
        }
        false
    }

    #[inline(never)]
    fn ends(&self, bytes: &[u8], end: usize) -> bool {
        self.by_last[usize::from(bytes[end - 1] & 31)].iter().any(|(noun, ending)| {
            end.checked_sub(noun.len()).is_some_and(|at| {
                bytes[at..end].eq_ignore_ascii_case(noun) && (*ending || !continues(bytes, at))
            })
        })
    }
}

/// Two small letters side by side are in one word.
fn continues(bytes: &[u8], at: usize) -> bool {
    let small = |i: usize| bytes.get(i).is_some_and(u8::is_ascii_lowercase);
    at > 0 && small(at - 1) && small(at)
}
