// A recording's time as a slider with its segments under it, and handles to move their borders.

import { make, timeText } from "./dom.js";
import { frameAt } from "./path.js";

const SAVE_AFTER = 600;

/** Give an element the look of an action. */
export function dress(element, action) {
  element.style.background = action.background;
  element.style.color = action.text_colour;
}

export class Timeline {
  /**
   * `range` is the part of the recording that is shown; `onScrub` is called with an instant of the recording,
   * `onBorder` with a border's frame and the one that it is moved to.
   */
  constructor(recording, range, { onScrub, onBorder }) {
    this.recording = recording;
    [this.start, this.end] = range;
    this.onScrub = onScrub;
    this.onBorder = onBorder;
    this.time = this.start;
    this.segments = make("div", { class: "segments" });
    this.unmatched = make("div", { class: "unmatched" });
    this.cursor = make("div", { class: "cursor" });
    this.handles = make("div", { class: "handles" });
    this.slider = make(
      "div",
      {
        class: "timeline", role: "slider", tabIndex: 0, "aria-label": `Time of ${recording.name}`,
        "aria-valuemin": this.start.toFixed(2), "aria-valuemax": this.end.toFixed(2),
        onpointerdown: (event) => this.#scrub(event), onkeydown: (event) => this.#key(event),
      },
      this.segments, this.unmatched, this.cursor,
    );
    this.element = make("div", { class: "timeline-box" }, this.slider, this.handles);
    this.update(this.start);
  }

  update(seconds) {
    this.time = seconds;
    this.cursor.style.left = this.#left(seconds);
    const segment = this.segmentAt(seconds);
    const words = timeText(seconds, this.recording) + (segment ? `, ${this.actions[segment.action].name}` : "");
    if (words !== this.words) {
      this.words = words;
      this.slider.setAttribute("aria-valuenow", seconds.toFixed(3));
      this.slider.setAttribute("aria-valuetext", words);
    }
  }

  segmentAt(seconds) {
    if (!this.actions) return undefined;
    return this.recording.segments.findLast((segment) => segment.start_seconds <= seconds + 0.0005);
  }

  /** Draw the segments that hold now. */
  setSegments(recording, actions) {
    this.recording = recording;
    this.actions = actions;
    this.segments.replaceChildren(...recording.segments.filter((segment) => this.#visible(segment)).map((segment) => {
      const action = actions[segment.action];
      const block = make("div", { class: "segment", title: action.name }, make("span", {}, action.name));
      dress(block, action);
      this.#place(block, segment.start_seconds, segment.end_seconds);
      return block;
    }));
    this.update(this.time);
  }

  setUnmatched(stretches) {
    this.unmatched.replaceChildren(...stretches.map(([start, end]) => {
      const block = make("div", { class: "void", title: "no counterpart" });
      this.#place(block, start, end);
      return block;
    }));
  }

  /** Show a handle at every border, or none; `times` are those of the frames. */
  setHandles(times) {
    const focused = this.handles.contains(document.activeElement) ? document.activeElement : null;
    const border = focused?.dataset.border;
    const pairs = times ? this.recording.segments.slice(1) : [];
    this.handles.replaceChildren(...pairs.map((right, index) => {
      const left = this.recording.segments[index];
      return this.#handle(left, right, times);
    }));
    if (focused) [...this.handles.children].find((handle) => handle.dataset.border === border)?.focus();
  }

  #handle(left, right, times) {
    const [first, last] = [left.first + 1, right.end - 1];
    const names = [left, right].map((segment) => this.actions[segment.action].name);
    let at = right.first;
    let waiting = null;
    let saved = false;
    const handle = make("div", {
      class: "handle", role: "slider", tabIndex: 0,
      "aria-label": `Border between ${names[0]} and ${names[1]} in ${this.recording.name}`,
      "aria-valuemin": first, "aria-valuemax": last, "data-border": at,
    });
    const move = (frame, look = true) => {
      at = Math.min(Math.max(frame, first), last);
      handle.style.left = this.#left(times[at]);
      handle.setAttribute("aria-valuenow", at);
      handle.setAttribute("aria-valuetext", timeText(times[at], this.recording));
      if (look) this.onScrub(times[at]);
    };
    const save = () => {
      clearTimeout(waiting);
      if (at === right.first || saved) return;
      saved = true;
      // The handle is made anew with the answer, and has the focus again.
      handle.dataset.border = at;
      this.onBorder(right.first, at);
    };
    handle.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      handle.focus();
      const drag = (moved) => move(frameAt(this.#secondsAt(moved), times));
      this.#whilePressed(handle, event, drag, save);
    });
    handle.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: -1, ArrowRight: 1, PageDown: -10, PageUp: 10 }[event.key];
      if (step === undefined) return;
      event.preventDefault();
      event.stopPropagation();
      move(at + step * (event.shiftKey ? 10 : 1));
      clearTimeout(waiting);
      waiting = setTimeout(save, SAVE_AFTER);
    });
    handle.addEventListener("blur", save);
    move(at, false);
    return handle;
  }

  #scrub(event) {
    event.preventDefault();
    this.slider.focus();
    const go = (moved) => this.onScrub(this.#secondsAt(moved));
    go(event);
    this.#whilePressed(this.slider, event, go, () => {});
  }

  #whilePressed(element, event, onMove, onEnd) {
    element.setPointerCapture(event.pointerId);
    const end = () => {
      element.removeEventListener("pointermove", onMove);
      onEnd();
    };
    element.addEventListener("pointermove", onMove);
    element.addEventListener("lostpointercapture", end, { once: true });
  }

  #key(event) {
    const to = {
      Home: this.start, End: this.end, PageUp: this.time + 1, PageDown: this.time - 1,
      ArrowUp: this.time + 0.1, ArrowDown: this.time - 0.1,
    }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    this.onScrub(Math.min(Math.max(to, this.start), this.end));
  }

  #secondsAt(event) {
    const box = this.slider.getBoundingClientRect();
    const share = Math.min(Math.max((event.clientX - box.left) / box.width, 0), 1);
    return this.start + share * (this.end - this.start);
  }

  #visible(segment) {
    return segment.end_seconds > this.start && segment.start_seconds < this.end;
  }

  #place(element, start, end) {
    const from = Math.max(start, this.start);
    element.style.left = this.#left(from);
    element.style.width = `${(100 * (Math.min(end, this.end) - from)) / (this.end - this.start)}%`;
  }

  #left(seconds) {
    return `${(100 * (seconds - this.start)) / (this.end - this.start)}%`;
  }
}
