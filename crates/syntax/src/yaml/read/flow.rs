//! Collections in brackets.

use super::{KEY, Properties, Reader};
use crate::yaml::{NodeKind, Style};

impl Reader<'_> {
    /// Reads a collection in brackets that stands in a block collection at column `parent`, up to its bracket.
    pub(super) fn flow(&mut self, parent: isize, properties: Properties) -> Option<()> {
        self.enter()?;
        let mapping = self.byte(self.at) == b'{';
        let (kind, bracket) = if mapping { (NodeKind::Mapping, b'}') } else { (NodeKind::Sequence, b']') };
        self.open(kind, Style::Flow, self.at, properties);
        self.at += 1;
        loop {
            self.flow_content(parent)?;
            if self.byte(self.at) == bracket {
                break;
            }
            if mapping {
                self.flow_entry(parent)?;
            } else {
                self.flow_node(parent)?;
            }
            match self.byte(self.at) {
                b',' => self.at += 1,
                b if b == bracket => {}
                _ => return None,
            }
        }
        self.at += 1;
        self.arena.close(Some(self.at));
        self.depth -= 1;
        Some(())
    }

    /// Goes to the next content in brackets. Within a block, a tab does not indent it.
    fn flow_content(&mut self, parent: isize) -> Option<()> {
        let below = self.advance();
        (self.column >= 0 && !(below && self.tab && parent >= 0)).then_some(())
    }

    fn flow_entry(&mut self, parent: isize) -> Option<()> {
        let (start, line) = (self.at, self.line);
        let collection = matches!(self.byte(start), b'[' | b'{');
        if self.byte(start) == b'*' {
            return None;
        }
        self.flow_node(parent)?;
        if self.byte(self.at) != b':' {
            self.empty(self.arena.last_end, Properties::default());
            return Some(());
        }
        let quoted = self.arena.tree.nodes.last().is_some_and(|key| key.style != Style::Plain);
        let apart = self.is_blank(self.at + 1) || matches!(self.byte(self.at + 1), b',' | b'}');
        if collection || self.line != line || self.at - start > KEY || !(quoted || apart) {
            return None;
        }
        self.at += 1;
        let behind = self.at;
        self.flow_content(parent)?;
        if matches!(self.byte(self.at), b',' | b'}') {
            self.empty(behind, Properties::default());
            return Some(());
        }
        self.flow_node(parent)
    }

    /// Reads a node in brackets and goes on to the next content.
    fn flow_node(&mut self, parent: isize) -> Option<()> {
        let mut properties = Properties::default();
        if matches!(self.byte(self.at), b'&' | b'!') {
            properties = self.properties()?;
            if self.advance() {
                return None;
            }
        }
        match self.byte(self.at) {
            b'[' | b'{' => self.flow(parent, properties)?,
            b'*' => {
                if !properties.is_none() {
                    return None;
                }
                self.alias(true)?;
            }
            b'"' | b'\'' => {
                let token = self.quoted()?;
                self.push(token, properties)?;
            }
            _ => return self.flow_plain(parent, properties),
        }
        self.flow_content(parent)
    }

    fn flow_plain(&mut self, parent: isize, properties: Properties) -> Option<()> {
        let next = self.byte(self.at + 1);
        match self.byte(self.at) {
            b'-' if self.is_blank(self.at + 1) || b",[]{}".contains(&next) => return None,
            b'?' | b':' | b'|' | b'>' | b'%' | b'@' | b'`' | b'#' => return None,
            _ => {}
        }
        let start = self.at;
        let comments = self.arena.tree.comments.len();
        let mut token = super::Token { start, end: start, style: Style::Plain, as_written: true };
        loop {
            let (end, _) = self.plain(self.at, true);
            if end == self.at {
                // What continues no text: a bracket, a comma, a colon.
                break;
            }
            token.as_written = token.end == start;
            token.end = end;
            self.at = end;
            self.flow_content(parent)?;
            if self.arena.tree.comments.len() != comments {
                break;
            }
        }
        if token.end == start {
            return None;
        }
        self.push(token, properties)
    }
}
