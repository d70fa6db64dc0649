//! Where the networks of fine-tuning get their encoder from.

use crate::finetune::{Inflate, Transfer, encoder_file, transfer};
use std::path::Path;
use voxloom_parts::Entries;
use voxloom_sdk::prelude::*;

/// Copies a pretrained encoder, where one is named; what was copied and what not, for people.
///
/// # Errors
/// A file without an encoder, or of another width.
pub fn pretrained(
    context: &Context,
    entries: &Entries,
    path: Option<&Path>,
    inflate: Inflate,
    (dims, prefix): (usize, &str),
) -> Result<Json> {
    let Some(path) = path.filter(|path| !path.as_os_str().is_empty()) else {
        return Ok(json!({ "encoder": null, "copied": 0 }));
    };
    let encoder = encoder_file(path, dims).map_err(|fault| Error::from(fault).into_param("encoder"))?;
    let report = transfer(entries, prefix, &encoder, inflate)
        .map_err(|fault| Error::param("encoder", format!("{}: {fault}", path.display())))?;
    let Transfer { copied, inflated, missing, unexpected } = report;
    let begun = entries.len() - copied;
    context.info(&format!("{}: {copied} tensors of the encoder are taken, {begun} begin anew", path.display()));
    if !missing.is_empty() || !unexpected.is_empty() {
        let list = |names: &[String]| if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        let text =
            format!("{}: missing in the file: {}; not in the network: {}", path.display(), list(&missing), list(&unexpected));
        context.warn(&text);
    }
    Ok(json!({
        "encoder": path.to_string_lossy(),
        "copied": copied, "inflated": inflated, "missing": missing, "unexpected": unexpected,
    }))
}

/// The entry that tells what [`pretrained`] did.
pub fn encoder_entry() -> Entry {
    let about = "`encoder` (the file, null from scratch), `copied`, `inflated`, `missing` and `unexpected` names";
    Entry::map()
        .named("encoder")
        .about("Says which tensors of a pretrained encoder were taken when the network was made.")
        .reads()
        .output(Port::json("report").about(about))
}
