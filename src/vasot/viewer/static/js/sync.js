// Whole recordings, one of which leads: the others follow its time through the alignment.

import { ask, length, make, tell } from "./dom.js";
import { followTime, leaderTime, matchTime, matchedLeaderTime, within } from "./path.js";
import { Panel } from "./panel.js";

export class SyncStage {
  constructor(app, shown, leader) {
    this.app = app;
    this.loops = false;
    this.parts = shown.map((index) => this.#panel(index, index === leader));
    this.leader = this.parts[shown.indexOf(leader)];
    this.leader.locate = (seconds) => seconds;
    this.start = this.leader.recording.start_seconds;
    this.end = this.leader.recording.end_seconds;
    this.followers = this.parts.filter((part) => part !== this.leader);
    this.ready = Promise.all([this.#learnTimes(this.leader), ...this.followers.map((part) => this.#learn(part))]);
  }

  remove() {
    this.removed = true;
    this.parts.forEach((part) => part.remove());
  }

  /** Length of one step, in seconds: a frame of the leader's video, or of its features. */
  get frameSeconds() {
    const { rate_hz: rate, n_frames: frames } = this.leader.recording;
    return rate ? 1 / rate : length(this.leader.recording) / frames;
  }

  /** Show or hide what has no counterpart: for the leader, in none of the others. */
  markUnmatched() {
    const wanted = this.app.options.unmatched;
    const pairs = this.followers.map((part) => part.pair).filter(Boolean);
    for (const part of this.followers) part.timeline.setUnmatched(wanted && part.pair ? part.pair.unmatched_y : []);
    const common = pairs.length ? pairs.map((pair) => pair.unmatched_x).reduce(intersect) : [];
    this.leader.timeline.setUnmatched(wanted ? common : []);
  }

  /** Show or hide what changes segments. */
  setEditing(editing) {
    for (const part of this.parts) {
      part.tools.hidden = !editing;
      part.timeline.setHandles(editing ? part.times : null);
    }
  }

  #panel(index, leads) {
    const recording = this.app.run.recordings[index];
    const button = (text, onclick, extra = {}) => make("button", { type: "button", onclick, ...extra }, text);
    const panel = new Panel(this.app, index, {
      title: recording.name,
      range: [recording.start_seconds, recording.end_seconds],
      buttons: [
        button(leads ? "Leads" : "Lead", () => this.app.lead(index), {
          "aria-pressed": String(leads), "aria-label": `Let ${recording.name} lead`,
        }),
        button("Similar", () => this.app.findSimilar(panel), {
          "aria-label": `Frames similar to this one of ${recording.name}`,
        }),
        button("×", () => this.app.toggle(index), { "aria-label": `Close ${recording.name}` }),
      ],
      onScrub: (seconds) => this.#scrub(panel, seconds),
      onBorder: (border, to) => this.app.change(`api/recordings/${index}/border`, { border, to }),
      onPicture: () => this.app.findSimilar(panel),
    });
    if (leads) panel.element.classList.add("leads");
    if (recording.segments.length) panel.tools.append(...this.#tools(panel));
    return panel;
  }

  #tools(panel) {
    const { actions, recordings } = this.app.run;
    const choose = (text, from) => {
      const select = make("select", {
        "aria-label": `${text} of ${panel.recording.name}`,
        onchange: () => {
          const segment = panel.timeline.segmentAt(panel.place);
          const body = { start: from(segment, panel), end: segment.end, action: Number(select.value) };
          select.value = "";
          this.app.change(`api/recordings/${panel.index}/action`, body);
        },
      }, make("option", { value: "" }, "choose…"));
      actions.forEach((action, index) => select.append(make("option", { value: index }, action.name)));
      return make("label", {}, `${text} `, select);
    };
    const reset = make("button", {
      type: "button", disabled: !recordings[panel.index].corrected,
      "aria-label": `Reset all changes of ${panel.recording.name}`,
      onclick: () => this.app.change(`api/recordings/${panel.index}/reset`, {}),
    }, "Reset");
    return [
      choose("This segment is", (segment) => segment.first),
      choose("From here on it is", (segment) => Math.max(this.app.frameOf(panel), segment.first)),
      reset,
    ];
  }

  /** Bring tools and segments up to what holds now. */
  setRun() {
    for (const part of this.parts) {
      part.setRun();
      if (part.recording.segments.length) part.tools.replaceChildren(...this.#tools(part));
    }
    this.setEditing(this.app.options.edit);
  }

  async #learnTimes(part) {
    part.times = await this.app.times(part.index);
  }

  async #learn(part) {
    part.note.textContent = "aligning…";
    try {
      await this.#learnTimes(part);
      part.leaderTimes = await this.app.times(this.leader.index);
      // The path also says where the follower is at the leader's end.
      part.knots = [...part.leaderTimes, this.leader.recording.end_seconds];
      if (this.app.run.aligns) {
        part.pair = await ask(`api/alignments/${this.leader.index}/${part.index}`);
        part.follow = part.pair.follow;
        if (part.note.textContent === "aligning…") part.note.textContent = "";
      } else {
        part.follow = evenly(part.knots, this.leader.recording, part.recording);
        part.note.textContent = "This run's method does not align: played at the same share of its length.";
      }
      part.locate = (seconds) => this.#locate(part, seconds);
      const update = part.update.bind(part);
      part.update = (place, seconds) => {
        update(place);
        part.element.classList.toggle("void-now", this.#isVoid(part, seconds));
      };
    } catch (error) {
      part.note.textContent = error.message;
      tell(error.message, true);
    }
  }

  #byMatches(part) {
    return this.app.options.follow === "matches" && part.pair;
  }

  #locate(part, seconds) {
    return this.#byMatches(part)
      ? matchTime(seconds, part.leaderTimes, part.pair.matches, part.times)
      : followTime(seconds, part.knots, part.follow);
  }

  #isVoid(part, seconds) {
    return Boolean(this.app.options.unmatched && part.pair && within(seconds, part.pair.unmatched_x));
  }

  #scrub(panel, seconds) {
    let time = seconds;
    if (panel !== this.leader) {
      if (!panel.follow) return;
      time = this.#byMatches(panel)
        ? matchedLeaderTime(seconds, panel.leaderTimes, panel.pair.matches, panel.times)
        : leaderTime(seconds, panel.knots, panel.follow);
    }
    if (time !== null) this.app.engine.seek(time);
  }
}

/** Where a follower would be that runs evenly from its beginning to its end. */
function evenly(times, leader, follower) {
  const scale = length(follower) / length(leader);
  return times.map((seconds) => follower.start_seconds + (seconds - leader.start_seconds) * scale);
}

/** What two lists of stretches have in common. */
function intersect(one, other) {
  return one.flatMap(([start, end]) =>
    other.map(([from, to]) => [Math.max(start, from), Math.min(end, to)]).filter(([from, to]) => from < to));
}
