//! Numbers: written as RFC 8785 writes them, but only if that denotes the same number.
//!
//! RFC 8785 writes the shortest digits that give back the same IEEE 754 double. JSON numbers (and
//! PostgreSQL's `numeric`) are decimals, and many decimals share a double. Two rules keep different
//! numbers apart:
//!
//! * what is written denotes, as a decimal, exactly what was read: `0.10000000000000001` is refused,
//!   since it would become `0.1`;
//! * an integer is exactly a double: `1e23` is refused, since the double next to it is
//!   99999999999999991611392.

/// No double needs more significant digits than this to differ from every other double.
const MAX_DIGITS: u64 = 17;

/// Appends the number; the error says, after "The number 1e400", what is wrong with it. `text` is a
/// number of the JSON grammar. Linear in its length.
pub(super) fn write(out: &mut String, text: &str) -> Result<(), String> {
    let bytes = text.as_bytes();
    // Short integers are what selections hold, and are their own canonical form.
    if bytes.len() <= 15 && bytes.iter().all(u8::is_ascii_digit) {
        out.push_str(text);
        return Ok(());
    }
    let Some(decimal) = Decimal::parse(text) else {
        return Err(format!("has more than {MAX_DIGITS} significant digits"));
    };
    if decimal.digits == 0 {
        out.push('0'); // -0 too, as in jsonb
        return Ok(());
    }
    let double = decimal.to_double();
    if double.is_infinite() {
        return Err("is too large for an IEEE 754 double".to_owned());
    }
    if double == 0.0 {
        return Err("is too close to zero for an IEEE 754 double".to_owned());
    }
    if !decimal.is_exact_or_fraction() {
        return Err("is an integer that is not exactly an IEEE 754 double".to_owned());
    }
    let mut buffer = ryu_js::Buffer::new();
    let shortest = buffer.format_finite(double);
    if Decimal::parse(shortest).as_ref() != Some(&decimal) {
        return Err(format!("would come back as {shortest}"));
    }
    out.push_str(shortest);
    Ok(())
}

/// `digits * 10^exponent`, exactly; `digits` does not end in 0, so that equal means the same number.
#[derive(Debug, PartialEq, Eq)]
struct Decimal {
    negative: bool,
    digits: u64,
    exponent: i64,
}

impl Decimal {
    /// None: more than [`MAX_DIGITS`] significant digits. Zeros at either end are not significant.
    fn parse(text: &str) -> Option<Self> {
        let (negative, text) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let (mut digits, mut count, mut zeros, mut fraction) = (0_u64, 0_u64, 0_u64, None);
        for byte in mantissa.bytes() {
            match byte {
                b'.' => {
                    fraction = Some(0_i64);
                    continue;
                }
                b'0' if count == 0 => {}
                b'0' => zeros += 1,
                _ => {
                    count += zeros + 1;
                    if count > MAX_DIGITS {
                        return None;
                    }
                    for _ in 0..=zeros {
                        digits *= 10;
                    }
                    digits += u64::from(byte - b'0');
                    zeros = 0;
                }
            }
            fraction = fraction.map(|places| places + 1);
        }
        if digits == 0 {
            return Some(Self { negative: false, digits: 0, exponent: 0 });
        }
        let exponent = parse_exponent(exponent) - fraction.unwrap_or(0) + zeros as i64;
        Some(Self { negative, digits, exponent })
    }

    /// The nearest double, as IEEE 754 rounds.
    fn to_double(&self) -> f64 {
        let sign = if self.negative { "-" } else { "" };
        let text = format!("{sign}{}e{}", self.digits, self.exponent);
        text.parse().unwrap_or(f64::INFINITY) // always a number
    }

    /// Whether it is not an integer, or one whose odd part fits the 53 bits of a double. (The range
    /// was checked before.)
    fn is_exact_or_fraction(&self) -> bool {
        match u32::try_from(self.exponent) {
            Err(_) => self.exponent < 0,
            Ok(exponent) => {
                let odd = u128::from(self.digits >> self.digits.trailing_zeros());
                // 5^23 has more than 53 bits.
                exponent <= 22 && odd * 5_u128.pow(exponent) < 1 << 53
            }
        }
    }
}

/// An exponent of any length; one beyond any double's stays beyond, whatever the mantissa's length
/// (less than 2^32).
fn parse_exponent(text: &str) -> i64 {
    const FAR: i64 = 1 << 40;
    let (negative, digits) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let digits = digits.strip_prefix('+').unwrap_or(digits);
    let size = digits.bytes().fold(0_i64, |size, byte| (size * 10 + i64::from(byte - b'0')).min(FAR));
    if negative { -size } else { size }
}
