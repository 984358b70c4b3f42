//! Collections by indentation.

use super::scalar::Token;
use super::{KEY, Properties, Reader};
use crate::yaml::{NodeKind, Style};

/// Where a node stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// At the start of a document without `---`.
    Root,
    /// Behind `---`.
    Document,
    /// Behind `-`.
    Item,
    /// Behind the `:` of a block mapping.
    Value,
}

impl Reader<'_> {
    /// Reads the node of a collection at column `parent` from behind its indicator, and goes on to the next content.
    pub(super) fn node(&mut self, parent: isize, place: Place) -> Option<()> {
        let behind = self.at;
        let mut below = place != Place::Root && self.advance();
        let mut tab = self.tab;
        // The properties on lines above the node's content, and those on its first line.
        let (mut above, mut own) = (Properties::default(), Properties::default());
        let mut start;
        loop {
            if below {
                if self.column >= 0 && self.tab {
                    return None;
                }
                let dash_of_value = place == Place::Value && self.column == parent && self.is_dash();
                if self.column <= parent && !dash_of_value {
                    self.empty(behind, above);
                    return Some(());
                }
            }
            start = self.at;
            if !matches!(self.byte(start), b'&' | b'!') {
                break;
            }
            own = self.properties()?;
            if !self.advance() {
                tab |= self.tab;
                break;
            }
            tab = false;
            below = true;
            above = above.or(own)?;
            own = Properties::default();
        }
        let compact = (below || matches!(place, Place::Item | Place::Root)) && !tab;
        match self.byte(self.at) {
            b'-' if self.is_blank(self.at + 1) => {
                if !compact || !own.is_none() {
                    return None;
                }
                self.sequence(self.column, above)
            }
            b'?' | b':' if self.is_blank(self.at + 1) => None,
            b'[' | b'{' => {
                self.flow(parent, above.or(own)?)?;
                self.next_line()
            }
            b'*' => {
                if !above.is_none() || !own.is_none() {
                    return None;
                }
                self.alias(false)?;
                self.next_line()
            }
            b'|' | b'>' => self.block_scalar(parent, above.or(own)?),
            _ => {
                let token = self.token()?;
                if self.colon(start, token) {
                    if !compact {
                        return None;
                    }
                    self.mapping(start, token, above, own)
                } else {
                    self.text_of(parent, token, above.or(own)?)
                }
            }
        }
    }

    /// The rest of a scalar that is no key.
    fn text_of(&mut self, parent: isize, mut token: Token, properties: Properties) -> Option<()> {
        self.at = token.end;
        let comments = self.arena.tree.comments.len();
        self.next_line()?;
        while token.style == Style::Plain && self.column > parent {
            if self.arena.tree.comments.len() != comments {
                return None;
            }
            let (end, stop) = self.plain(self.at, false);
            if end == self.at || self.byte(stop) == b':' {
                return None;
            }
            token.end = end;
            token.as_written = false;
            self.at = end;
            self.next_line()?;
        }
        self.push(token, properties)
    }

    fn is_dash(&self) -> bool {
        self.byte(self.at) == b'-' && self.is_blank(self.at + 1)
    }

    /// Goes behind the `:` that makes a scalar a key; `start` is where the key begins with its properties.
    fn colon(&mut self, start: usize, token: Token) -> bool {
        let mut at = token.end;
        while matches!(self.byte(at), b' ' | b'\t') {
            at += 1;
        }
        let is_key =
            self.byte(at) == b':' && self.is_blank(at + 1) && at - start <= KEY && token.start >= self.line;
        if is_key {
            self.at = at + 1;
        }
        is_key
    }

    fn sequence(&mut self, column: isize, properties: Properties) -> Option<()> {
        self.enter()?;
        self.open(NodeKind::Sequence, Style::Block, self.at, properties);
        loop {
            self.at += 1;
            self.node(column, Place::Item)?;
            if self.column != column || !self.is_dash() {
                break;
            }
        }
        self.arena.close(None);
        self.depth -= 1;
        Some(())
    }

    /// Reads a mapping from behind the `:` of its first key, which begins at `start` with its own properties.
    fn mapping(&mut self, start: usize, key: Token, properties: Properties, own: Properties) -> Option<()> {
        self.enter()?;
        let column = (start - self.line) as isize;
        self.open(NodeKind::Mapping, Style::Block, start, properties);
        self.push(key, own)?;
        loop {
            self.node(column, Place::Value)?;
            if self.column != column {
                break;
            }
            let start = self.at;
            let mut own = Properties::default();
            if matches!(self.byte(start), b'&' | b'!') {
                own = self.properties()?;
                if self.advance() {
                    return None;
                }
            }
            if matches!(self.byte(self.at), b'-' | b'?' | b':') && self.is_blank(self.at + 1) {
                return None;
            }
            let key = self.token()?;
            if !self.colon(start, key) {
                return None;
            }
            self.push(key, own)?;
        }
        if self.column > column {
            return None;
        }
        self.arena.close(None);
        self.depth -= 1;
        Some(())
    }
}
