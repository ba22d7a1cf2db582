//! Joins the files below `sql/schema` into `sql/schema.sql`, which `src/lib.rs` includes.

use std::fs;
use std::io::Result;
use std::path::Path;

const JOINED: &str = "sql/schema.sql";

fn main() -> Result<()> {
    let schema = Path::new("sql/schema");
    println!("cargo:rerun-if-changed=sql/schema");
    let mut joined = String::new();
    for path in fs::read_to_string(schema.join("order"))?.lines() {
        joined += &fs::read_to_string(schema.join(path))?;
    }
    // Written only where it changes, or the next build would compile again.
    match fs::read_to_string(JOINED) {
        Ok(present) if present == joined => Ok(()),
        _ => fs::write(JOINED, joined),
    }
}
