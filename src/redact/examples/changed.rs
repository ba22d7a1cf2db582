//! Reads texts separated by NUL and prints those that the redaction changes, with how many there were:
//! `… | cargo run --release -p inventory_core_redact --example changed`.
#![allow(missing_docs)]

use std::io::Read;

use inventory_core_redact::redact;

fn main() -> std::io::Result<()> {
    let mut bytes = Vec::new();
    std::io::stdin().read_to_end(&mut bytes)?;
    let (mut count, mut changed) = (0, 0);
    for text in bytes.split(|b| *b == 0).map(String::from_utf8_lossy).filter(|text| !text.is_empty()) {
        let out = redact(&text, &|| ());
        count += 1;
        if out != text {
            changed += 1;
            println!("{text:?}\n   {out:?}");
        }
    }
    println!(
        "{changed} of {count} texts changed ({:.4} %)",
        100.0 * f64::from(changed) / f64::from(count.max(1))
    );
    Ok(())
}
