//! Valid names of tenants.

use crate::error::Error;

const MAX_BYTES: usize = 255;

/// Stands for every tenant in a grant.
pub const EVERY: &str = "*";

/// Refuses invalid names of tenants: an empty or long text, a control character, `*`.
pub fn check(tenant: &str) -> Result<(), Error> {
    let problem = if tenant.is_empty() {
        "It is empty.".to_owned()
    } else if tenant.len() > MAX_BYTES {
        format!("It has {} bytes.", tenant.len())
    } else if tenant.chars().any(char::is_control) {
        "It contains a control character.".to_owned()
    } else if tenant == EVERY {
        "\"*\" means every tenant in a grant and is not a tenant.".to_owned()
    } else {
        return Ok(());
    };
    Err(Error::invalid(
        "invalid tenant",
        problem,
        format!("A tenant is a text of 1 to {MAX_BYTES} bytes without control characters, and not \"*\"."),
    ))
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn ordinary_and_odd_names_pass() {
        for tenant in ["acme", "Ünïcödé", "a'b\"c", "**", " ", &"x".repeat(255)] {
            assert_eq!(check(tenant), Ok(()), "{tenant:?}");
        }
    }

    #[test]
    fn what_cannot_name_a_tenant_is_refused() {
        for tenant in ["", "*", "a\nb", "a\u{7f}", "\u{85}", &"x".repeat(256), &"ü".repeat(128)] {
            assert!(check(tenant).is_err(), "{tenant:?}");
        }
    }
}
