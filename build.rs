//! Joins the files below `sql/schema` into `sql/schema.sql`, which `src/lib.rs` includes.

use std::fs;
use std::io::Result;
use std::path::Path;

fn main() -> Result<()> {
    let schema = Path::new("sql/schema");
    println!("cargo:rerun-if-changed=sql/schema");
    let mut joined = String::new();
    for path in fs::read_to_string(schema.join("order"))?.lines() {
        joined += &fs::read_to_string(schema.join(path))?;
    }
    fs::write("sql/schema.sql", joined)
}
