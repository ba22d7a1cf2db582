//! JSON texts stay JSON. Where the whole text is one, what is found is cut to the string or the number that holds it,
//! and names of members are kept. A string that holds a JSON text is treated likewise.

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
    /// A string that is the name of a member.
    Name,
    String,
    Number,
    Word,
}

/// Deeper texts are not taken for JSON.
const DEEPEST: usize = 256;
/// A JSON text in a string in a JSON text and so on is followed so far. Each level doubles the backslashes.
const MOST_TEXTS: usize = 16;

/// What is found in a text without regard to what surrounds it.
type Alone<'a> = &'a dyn Fn(&str) -> Vec<Piece>;

/// The pieces, cut so that a JSON text stays one. The pieces of any other text are returned as they are.
///
/// The name of a member is replaced only by what `alone` finds in it, such as a token of a known form: what stands
/// around a name does not make it a secret.
pub(super) fn keep(text: &str, pieces: Vec<Piece>, alone: Alone<'_>) -> Vec<Piece> {
    match nested(text, &pieces, alone, 0) {
        Some(kept) => kept,
        None => pieces,
    }
}

fn nested(text: &str, pieces: &[Piece], alone: Alone<'_>, depth: usize) -> Option<Vec<Piece>> {
    if depth == MOST_TEXTS || !text.trim_start().starts_with(['{', '[', '"']) {
        return None;
    }
    let tokens = tokens(text.as_bytes())?;
    // Which pieces are in which token.
    let mut within: Vec<(usize, Vec<Piece>)> = Vec::new();
    let mut from = 0;
    for piece in pieces {
        while tokens.get(from).is_some_and(|t| t.end <= piece.start) {
            from += 1;
        }
        let reached = tokens.iter().enumerate().skip(from).take_while(|(_, t)| t.start < piece.end);
        for (nth, _) in reached.filter(|(_, t)| t.start < t.end) {
            match within.last_mut() {
                Some((last, list)) if *last == nth => list.push(*piece),
                _ => within.push((nth, vec![*piece])),
            }
            // What goes on in the next string was read too far; a key in lines does go on.
            if piece.label != "private-key" {
                break;
            }
        }
    }
    let mut kept: Vec<Piece> = Vec::with_capacity(pieces.len());
    for (nth, pieces) in within {
        for piece in in_token(text, &tokens, nth, &pieces, alone, depth) {
            // A marker that is all there is stays as it is.
            let news = marker::length_at(&text[piece.start..piece.end]) != Some(piece.end - piece.start);
            if news && piece.start >= kept.last().map_or(0, |last| last.end) {
                kept.push(piece);
            }
        }
    }
    Some(kept)
}

fn in_token(
    text: &str,
    tokens: &[Token],
    nth: usize,
    pieces: &[Piece],
    alone: Alone<'_>,
    depth: usize,
) -> Vec<Piece> {
    let token = tokens[nth];
    let inner = &text[token.start..token.end];
    let cut = |piece: Piece| cut(text.as_bytes(), token, &piece);
    match token.kind {
        Kind::Word => Vec::new(),
        Kind::Name => {
            alone(inner).into_iter().map(|piece| piece.moved(token.start)).filter_map(cut).collect()
        }
        Kind::String => Unescaped::new(inner)
            .and_then(|json| {
                let inside: Vec<Piece> = pieces.iter().filter_map(|p| json.piece(p, token)).collect();
                let kept = nested(&json.text, &inside, alone, depth + 1)?;
                Some(kept.iter().map(|piece| json.outside(piece, token)).collect())
            })
            .unwrap_or_else(|| pieces.iter().copied().filter_map(cut).collect()),
        Kind::Number => {
            // A number becomes a string, with quotes like those of the name or string before it.
            let quoted = tokens[..nth].iter().rev().find(|t| matches!(t.kind, Kind::Name | Kind::String));
            let piece = pieces.iter().find(|piece| piece.start == token.start);
            let quote = quoted.map(|t| (t.end, t.end + 1));
            piece
                .filter(|_| quote.is_some())
                .map(|piece| Piece { start: token.start, end: token.end, label: piece.label, quote })
                .into_iter()
                .collect()
        }
    }
}

/// The text of a string that may itself be JSON, and where each of its bytes stands in the string.
struct Unescaped {
    text: String,
    at: Vec<usize>,
}

impl Unescaped {
    /// None unless the string begins like a JSON text and its escapes are those that JSON texts need.
    fn new(raw: &str) -> Option<Unescaped> {
        if !raw.contains('\\') || !raw.trim_start().starts_with(['{', '[', '"']) {
            return None;
        }
        let mut unescaped = Unescaped { text: String::with_capacity(raw.len()), at: Vec::new() };
        let mut characters = raw.char_indices();
        while let Some((at, character)) = characters.next() {
            let character = match character {
                '\\' => match characters.next()?.1 {
                    'n' => '\n',
                    'r' => '\r',
                    't' => '\t',
                    'u' => {
                        let code =
                            raw.get(at + 2..at + 6).and_then(|code| u32::from_str_radix(code, 16).ok())?;
                        match u8::try_from(code) {
                            Ok(ascii) if ascii.is_ascii() => {
                                characters.nth(3);
                                char::from(ascii)
                            }
                            // Kept as it is: no such character begins or ends anything.
                            _ => {
                                unescaped.push('\\', at);
                                'u'
                            }
                        }
                    }
                    other @ ('"' | '\\' | '/') => other,
                    _ => return None,
                },
                other => other,
            };
            unescaped.push(character, at);
        }
        unescaped.at.push(raw.len());
        Some(unescaped)
    }

    fn push(&mut self, character: char, at: usize) {
        self.text.push(character);
        self.at.resize(self.text.len(), at);
    }

    /// A piece of the text around, as a piece of this one.
    fn piece(&self, piece: &Piece, token: Token) -> Option<Piece> {
        let place = |at: usize| {
            let at = at.clamp(token.start, token.end) - token.start;
            self.at.partition_point(|&place| place < at)
        };
        let (start, end) = (place(piece.start), place(piece.end));
        (start < end).then_some(Piece { start, end, label: piece.label, quote: None })
    }

    /// A piece of this text, as a piece of the one around.
    fn outside(&self, piece: &Piece, token: Token) -> Piece {
        let place = |at: usize| token.start + self.at[at];
        Piece {
            start: place(piece.start),
            end: place(piece.end),
            label: piece.label,
            quote: piece.quote.map(|(start, end)| (place(start), place(end))),
        }
    }
}

fn cut(text: &[u8], token: Token, piece: &Piece) -> Option<Piece> {
    let (start, end) = (piece.start.max(token.start), piece.end.min(token.end));
    if start >= end {
        return None;
    }
    let (start, end) = (before_escape(text, token, start), after_escape(text, token, end));
    let whole = (start, end) == (piece.start, piece.end);
    Some(Piece { start, end, label: piece.label, quote: piece.quote.filter(|_| whole) })
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
                b'"' => at = string(text, at, Kind::String, &mut tokens)?,
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
    let at = blanks(text, string(text, at, Kind::Name, tokens)?);
    (*text.get(at)? == b':').then(|| blanks(text, at + 1))
}

fn string(text: &[u8], open: usize, kind: Kind, tokens: &mut Vec<Token>) -> Option<usize> {
    let mut at = open + 1;
    loop {
        match text.get(at)? {
            b'"' => {
                tokens.push(Token { start: open + 1, end: at, kind });
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
        let keep = |pieces| keep(text, pieces, &|_| Vec::new());
        assert_eq!(keep(vec![piece(6, 13)]), vec![piece(6, 9)]);
        assert_eq!(keep(vec![piece(15, 18)]), vec![Piece { quote: Some((13, 14)), ..piece(15, 17) }]);
        assert_eq!(keep(vec![piece(12, 13)]), vec![]);
    }

    #[test]
    fn redact_json_in_a_string_keeps_its_names() {
        let text = r#"{"m":"{\"a\":12}"}"#;
        let label: Label = "token";
        let piece = |start, end| Piece { start, end, label, quote: None };
        let keep = |pieces| keep(text, pieces, &|_| Vec::new());
        assert_eq!(keep(vec![piece(9, 10)]), vec![]);
        assert_eq!(keep(vec![piece(13, 15)]), vec![Piece { quote: Some((10, 12)), ..piece(13, 15) }]);
    }
}
