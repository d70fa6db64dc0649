//! `voxloom schema`.

use crate::arguments::Global;
use crate::exit::Exit;
use crate::installed;
use crate::talk::{self, Talk};
use anyhow::Result;

pub fn schema(global: &Global, talk: &Talk) -> Result<Exit> {
    let plugins = installed::find(global, talk)?;
    let schema = voxloom_core::schema::schema(&installed::operators(&plugins));
    talk::result(&serde_json::to_string_pretty(&schema)?)?;
    Ok(Exit::Done)
}
