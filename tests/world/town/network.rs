//! The network between sites and the hub: connections like TCP's. Frames come in order and whole while the connection
//! stands; it can break under a frame, at any byte, and an end may not hear of it.

use gateway::site::input::Input as SiteInput;
use hub::hub::input::{Input as HubInput, LinkId};

use super::World;
use crate::{
    event::{Event, Node, Payload},
    station::{BACK_OFF_FIRST_MS, BACK_OFF_MAX_MS},
};

/// How long it takes to see that nobody answers.
const DIAL_WITHIN_MS: u64 = 2_000;

/// One connection.
#[derive(Debug)]
pub(super) struct Line {
    station: usize,
    runs: [u32; 2],
    alive: bool,
    /// When the last frame reaches the hub, and when the last one reaches the box.
    last_ms: [u64; 2],
    /// It breaks after so many bytes more towards the hub, or towards the box.
    pub(super) cut_after: [Option<u64>; 2],
}

impl Line {
    /// The box at its far end.
    pub(super) fn station(&self) -> usize {
        self.station
    }
}

/// The place of a direction in pairs: towards the hub first.
fn direction(to: Node) -> usize {
    usize::from(to != Node::Hub)
}

impl World {
    pub(super) fn dial(&mut self, station: usize, run: u32) {
        let box_ = &self.stations[station];
        if box_.program.run != run || box_.program.machine.is_none() || box_.line.is_some() || !box_.dials {
            return;
        }
        if !box_.network || self.centre.program.machine.is_none() {
            return self.dial_again(station, DIAL_WITHIN_MS);
        }
        self.lines_made += 1;
        let line = self.lines_made;
        let runs = [self.centre.program.run, run];
        let cut_after = std::mem::take(&mut self.books.cut_next);
        self.lines.insert(
            line,
            Line {
                station,
                runs,
                alive: true,
                last_ms: [self.now_ms; 2],
                cut_after,
            },
        );
        self.stations[station].line = Some(line);
        let ms = self.random.within(self.weather.latency_ms) * 2;
        self.after(ms, Event::Connected { line });
    }

    /// Waits, longer each time, and dials again.
    pub(super) fn dial_again(&mut self, station: usize, at_least_ms: u64) {
        let wait_ms = self.stations[station].back_off_ms;
        let box_ = &mut self.stations[station];
        box_.back_off_ms = (wait_ms * 2).min(BACK_OFF_MAX_MS);
        let run = box_.program.run;
        let jittered = wait_ms / 2 + self.random.below(wait_ms + 1);
        self.after(jittered.max(at_least_ms), Event::Dial { station, run });
    }

    pub(super) fn connected(&mut self, line: u64) {
        let Some(Line {
            station, runs, alive, ..
        }) = self.lines.get(&line)
        else {
            return;
        };
        let (station, runs, alive) = (*station, *runs, *alive);
        if self.stations[station].line != Some(line) {
            return;
        }
        if !alive || self.centre.program.run != runs[0] || self.centre.program.machine.is_none() {
            // Nobody answered: the machine never heard of this connection.
            self.break_line(line, Some(Node::Box(station)));
            self.stations[station].line = None;
            return self.dial_again(station, DIAL_WITHIN_MS);
        }
        self.give_hub(HubInput::Linked { link: LinkId(line) });
        self.give(station, SiteInput::LinkUp(line));
        let name = self.stations[station].name.clone();
        self.tell(|| format!("{name} reaches the hub"));
    }

    /// A frame leaves on a connection that its sender believes in.
    pub(super) fn send(&mut self, line: u64, to: Node, bytes: Vec<u8>) {
        let cut = self.random.chance(self.weather.frame_cut);
        let latency_ms = self.random.within(self.weather.latency_ms);
        let now_ms = self.now_ms;
        let Some(under_way) = self.lines.get_mut(&line).filter(|line| line.alive) else {
            return;
        };
        let place = direction(to);
        let at_ms = under_way.last_ms[place].max(now_ms + latency_ms);
        under_way.last_ms[place] = at_ms;
        let ends_within = under_way.cut_after[place].is_some_and(|left| left < bytes.len() as u64);
        if let Some(left) = &mut under_way.cut_after[place] {
            *left = left.saturating_sub(bytes.len() as u64);
        }
        if cut || ends_within {
            // Part of its bytes arrive, which is as good as none: a partial frame is dropped (PROTOCOL rule 12).
            return self.at(at_ms, Event::Closes { line });
        }
        let bytes = Payload(bytes);
        self.books.bytes_sent += bytes.0.len() as u64;
        self.at(at_ms, Event::Arrived { line, to, bytes });
    }

    pub(super) fn arrived(&mut self, line: u64, to: Node, bytes: Vec<u8>) {
        let Some(Line {
            station,
            runs,
            alive: true,
            ..
        }) = self.lines.get(&line)
        else {
            return;
        };
        let (station, runs) = (*station, *runs);
        if to == Node::Hub {
            if self.centre.program.run == runs[0] {
                self.give_hub(HubInput::Frame {
                    link: LinkId(line),
                    bytes,
                });
            }
        } else if self.stations[station].program.run == runs[1] && self.stations[station].line == Some(line) {
            self.stations[station].back_off_ms = BACK_OFF_FIRST_MS;
            self.give(station, SiteInput::LinkFrame(bytes));
        }
    }

    /// The connection is no more. Its ends hear of it, but for the one that knows, and one that is half open.
    pub(super) fn break_line(&mut self, line: u64, knows: Option<Node>) {
        let Some(broken) = self.lines.get_mut(&line).filter(|line| line.alive) else {
            return;
        };
        broken.alive = false;
        let station = broken.station;
        for to in [Node::Hub, Node::Box(station)] {
            if Some(to) != knows && !self.random.chance(self.weather.half_open) {
                let ms = self.random.within(self.weather.latency_ms);
                self.after(ms, Event::Broken { line, to });
            }
        }
    }

    pub(super) fn broken(&mut self, line: u64, to: Node) {
        let Some(Line { station, runs, .. }) = self.lines.get(&line) else {
            return;
        };
        let (station, runs) = (*station, *runs);
        if to == Node::Hub {
            if self.centre.program.run == runs[0] {
                self.give_hub(HubInput::Unlinked { link: LinkId(line) });
            }
        } else if self.stations[station].program.run == runs[1] && self.stations[station].line == Some(line) {
            self.line_is_lost(station, 0);
        }
    }

    /// The box closes the connection.
    pub(super) fn hang_up(&mut self, station: usize, socket: u64, retry_after_s: u32) {
        if self.stations[station].line == Some(socket) {
            self.break_line(socket, Some(Node::Box(station)));
            self.line_is_lost(station, u64::from(retry_after_s) * 1_000);
        }
    }

    fn line_is_lost(&mut self, station: usize, retry_ms: u64) {
        self.stations[station].line = None;
        self.give(station, SiteInput::LinkDown);
        self.dial_again(station, retry_ms);
        let name = self.stations[station].name.clone();
        self.tell(|| format!("{name} loses the hub"));
    }

    /// The hub closes a connection after what it has sent.
    pub(super) fn hub_closes(&mut self, line: u64) {
        if let Some(closing) = self.lines.get(&line) {
            let at_ms = closing.last_ms[1].max(self.now_ms);
            self.at(at_ms, Event::Closes { line });
        }
    }

    pub(super) fn network_changes(&mut self, station: usize, up: bool, front: u32) {
        if front == self.front {
            self.set_network(station, up);
            self.change_network_later(station, up);
        }
    }

    /// A site's network goes or comes.
    pub fn set_network(&mut self, station: usize, up: bool) {
        self.stations[station].network = up;
        let name = self.stations[station].name.clone();
        self.tell(|| format!("the network of {name} {}", if up { "is there" } else { "goes away" }));
        if !up && let Some(line) = self.stations[station].line {
            self.break_line(line, None);
        }
    }

    fn change_network_later(&mut self, station: usize, is_up: bool) {
        let mean_ms = if is_up {
            self.weather.stability_ms
        } else {
            self.weather.outage_ms
        };
        if self.weather.stability_ms > 0 {
            let (ms, front) = (self.random.around(mean_ms), self.front);
            self.after(
                ms,
                Event::Network {
                    station,
                    up: !is_up,
                    front,
                },
            );
        }
    }

    /// The weather begins at a site.
    pub(crate) fn expose(&mut self, station: usize) {
        let is_up = self.stations[station].network;
        self.change_network_later(station, is_up);
    }
}
