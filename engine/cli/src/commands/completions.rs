//! `voxloom completions SHELL`.

use crate::arguments::Arguments;
use crate::exit::Exit;
use crate::talk;
use anyhow::Result;
use clap::CommandFactory;
use clap_complete::Shell;

pub fn completions(shell: Shell) -> Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "voxloom", &mut script);
    talk::result(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Done)
}
