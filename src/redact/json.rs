//! JSON texts stay JSON: where the whole text is one, what is found is cut to the string or the number that holds it.

use super::marker;
use super::spans::Piece;

/// Where a string (without its quotes), a number, or `null`, `true` and `false` stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Token {
    start: usize,
    end: usize,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    String,
    Number,
    Word,
}

/// Deeper texts are not taken for JSON.
const DEEPEST: usize = 256;

/// The pieces, cut so that a JSON text stays one. Any other text is left to what was found.
pub(super) fn keep(text: &str, pieces: Vec<Piece>) -> Vec<Piece> {
    if !text.trim_start().starts_with(['{', '[']) {
        return pieces;
    }
    let Some(tokens) = tokens(text.as_bytes()) else { return pieces };
    let mut kept: Vec<Piece> = Vec::with_capacity(pieces.len());
    let mut from = 0;
    for piece in pieces {
        while tokens.get(from).is_some_and(|t| t.end <= piece.start) {
            from += 1;
        }
        for token in tokens[from..].iter().take_while(|t| t.start < piece.end).filter(|t| t.start < t.end) {
            let cut = cut(text.as_bytes(), *token, &piece);
            // A marker that is all there is stays as it is.
            let news =
                |cut: &Piece| marker::length_at(&text[cut.start..cut.end]) != Some(cut.end - cut.start);
            let reached = kept.last().map_or(0, |last| last.end);
            kept.extend(cut.filter(|cut| news(cut) && cut.start >= reached));
            // What goes on in the next string was read too far; a key in lines does go on.
            if piece.label != "private-key" {
                break;
            }
        }
    }
    kept
}

fn cut(text: &[u8], token: Token, piece: &Piece) -> Option<Piece> {
    let (start, end) = (piece.start.max(token.start), piece.end.min(token.end));
    match token.kind {
        Kind::String if start < end => {
            let (start, end) = (before_escape(text, token, start), after_escape(text, token, end));
            let whole = (start, end) == (piece.start, piece.end);
            Some(Piece { start, end, label: piece.label, quote: piece.quote.filter(|_| whole) })
        }
        Kind::Number if piece.start == token.start => Some(Piece {
            start: token.start,
            end: token.end,
            label: piece.label,
            quote: Some((token.start, token.start)),
        }),
        _ => None,
    }
}

/// Not between the two characters of an escape, nor between the two halves of a surrogate pair.
fn before_escape(text: &[u8], token: Token, at: usize) -> usize {
    if escaped(text, token, at) {
        at - 1
    } else if low_surrogate(text, at) && at >= token.start + 6 {
        at - 6
    } else {
        at
    }
}

fn after_escape(text: &[u8], token: Token, at: usize) -> usize {
    if escaped(text, token, at) {
        (at + 1).min(token.end)
    } else if at < token.end && low_surrogate(text, at) {
        at + 6
    } else {
        at
    }
}

fn escaped(text: &[u8], token: Token, at: usize) -> bool {
    text[token.start..at].iter().rev().take_while(|b| **b == b'\\').count() % 2 == 1
}

fn low_surrogate(text: &[u8], at: usize) -> bool {
    matches!(text.get(at..at + 4), Some([b'\\', b'u', b'd' | b'D', b'c'..=b'f' | b'C'..=b'F']))
}

/// The tokens of a JSON text; none where it is not one.
fn tokens(text: &[u8]) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut open: Vec<u8> = Vec::new();
    let mut at = blanks(text, 0);
    // What may come next: a value, or what follows one.
    let mut value = true;
    loop {
        let b = *text.get(at)?;
        if value {
            match b {
                b'{' | b'[' => {
                    if open.len() == DEEPEST {
                        return None;
                    }
                    open.push(b);
                    at = blanks(text, at + 1);
                    let closes = if b == b'{' { b'}' } else { b']' };
                    if *text.get(at)? != closes {
                        if b == b'{' {
                            at = name(text, at, &mut tokens)?;
                        }
                        continue;
                    }
                    open.pop();
                    at += 1;
                }
                b'"' => at = string(text, at, &mut tokens)?,
                b'n' | b't' | b'f' => {
                    let word = [b"null".as_slice(), b"true", b"false"];
                    let word = word.into_iter().find(|w| text[at..].starts_with(w))?;
                    tokens.push(Token { start: at, end: at + word.len(), kind: Kind::Word });
                    at += word.len();
                }
                _ => {
                    let part = |b: &u8| b.is_ascii_digit() || matches!(b, b'-' | b'+' | b'.' | b'e' | b'E');
                    let end = text[at..].iter().position(|b| !part(b)).map_or(text.len(), |n| at + n);
                    if end == at {
                        return None;
                    }
                    tokens.push(Token { start: at, end, kind: Kind::Number });
                    at = end;
                }
            }
            value = false;
        } else if b == b',' {
            at = blanks(text, at + 1);
            if open.last() == Some(&b'{') {
                at = name(text, at, &mut tokens)?;
            }
            value = true;
            continue;
        } else if Some(&b) == open.last().map(|o| if *o == b'{' { &b'}' } else { &b']' }) {
            open.pop();
            at += 1;
        } else {
            return None;
        }
        at = blanks(text, at);
        if open.is_empty() {
            return (at == text.len()).then_some(tokens);
        }
    }
}

/// A name and its colon; gives where the value begins.
fn name(text: &[u8], at: usize, tokens: &mut Vec<Token>) -> Option<usize> {
    if *text.get(at)? != b'"' {
        return None;
    }
    let at = blanks(text, string(text, at, tokens)?);
    (*text.get(at)? == b':').then(|| blanks(text, at + 1))
}

fn string(text: &[u8], open: usize, tokens: &mut Vec<Token>) -> Option<usize> {
    let mut at = open + 1;
    loop {
        match text.get(at)? {
            b'"' => {
                tokens.push(Token { start: open + 1, end: at, kind: Kind::String });
                return Some(at + 1);
            }
            b'\\' => at += 2,
            0..=0x1f => return None,
            _ => at += 1,
        }
    }
}

fn blanks(text: &[u8], from: usize) -> usize {
    text[from..].iter().position(|b| !b.is_ascii_whitespace()).map_or(text.len(), |n| from + n)
}

#[cfg(test)]
mod tests {
    use super::super::marker::Label;
    use super::*;

    #[test]
    fn redact_json_is_told_from_other_texts() {
        for json in [r#"{"a":[1,-2e3,"x\"y",null],"b":{}}"#, "[]", " [true] ", r#"[{"a":"\\"}]"#] {
            assert!(tokens(json.as_bytes()).is_some(), "{json}");
        }
        for other in ["{a:1}", "[1", "{} x", r#"{"a" 1}"#, "[redacted]", "[1,]", "{\"a\":\"x\ny\"}"] {
            assert!(tokens(other.as_bytes()).is_none(), "{other}");
        }
    }

    #[test]
    fn redact_json_pieces_end_with_their_string() {
        let text = r#"{"a":"bcd","e":12}"#;
        let label: Label = "token";
        let piece = |start, end| Piece { start, end, label, quote: None };
        assert_eq!(keep(text, vec![piece(7, 13)]), vec![piece(7, 9)]);
        assert_eq!(keep(text, vec![piece(15, 18)]), vec![Piece { quote: Some((15, 15)), ..piece(15, 17) }]);
    }
}
