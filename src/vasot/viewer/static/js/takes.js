// All takes of one action, next to each other, again and again.

import { Panel } from "./panel.js";

/** Takes on the screen at a time. */
const PAGE = 12;

/** Before the end by which a take stops: at its end, the next segment is seen. */
const BEFORE_END = 0.02;

/** Every segment of an action in all recordings: `{ index, segment, number }`, counted within each recording. */
export function takesOf(run, action) {
  return run.recordings.flatMap((recording, index) =>
    recording.segments
      .filter((segment) => segment.action === action)
      .map((segment, number, all) => ({ index, segment, number: all.length > 1 ? number + 1 : 0 })));
}

export class TakesStage {
  constructor(app, action, page) {
    this.app = app;
    this.action = action;
    this.loops = true;
    this.leader = null;
    this.frameSeconds = 1 / 25;
    const takes = takesOf(app.run, action);
    this.pages = Math.ceil(takes.length / PAGE);
    this.page = Math.min(Math.max(page, 0), this.pages - 1);
    this.count = takes.length;
    this.first = this.page * PAGE;
    this.parts = takes.slice(this.first, this.first + PAGE).map((take) => this.#panel(take));
    this.ready = Promise.all(this.parts.map((part) => part.player.ready));
    this.start = 0;
    this.setPace(app.options.pace);
  }

  /** `same`: all begin and end together; `own`: each runs as it was recorded, and waits for the longest. */
  setPace(pace) {
    const lengths = this.parts.map((part) => part.seconds).sort((a, b) => a - b);
    this.end = pace === "same" ? lengths[lengths.length >> 1] : lengths.at(-1);
    for (const part of this.parts) {
      const scale = pace === "same" ? part.seconds / this.end : 1;
      part.locate = (time) => Math.min(part.from + time * scale, part.from + Math.max(0, part.seconds - BEFORE_END));
      part.find = (seconds) => (seconds - part.from) / scale;
    }
  }

  remove() {
    this.removed = true;
    this.parts.forEach((part) => part.remove());
  }

  #panel({ index, segment, number }) {
    const { name } = this.app.run.recordings[index];
    const panel = new Panel(this.app, index, {
      title: number ? `${name}, take ${number}` : name,
      range: [segment.start_seconds, segment.end_seconds],
      buttons: [],
      onScrub: (seconds) => this.app.engine.seek(panel.find(seconds)),
      onBorder: () => {},
      onPicture: () => {},
    });
    panel.from = segment.start_seconds;
    panel.seconds = segment.end_seconds - segment.start_seconds;
    return panel;
  }
}
