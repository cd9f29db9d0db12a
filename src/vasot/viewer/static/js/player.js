// What shows a recording: a video that can be steered, stills of one that the browser cannot play, or nothing.

import { TOLERANCE } from "./path.js";

/** Off by more than this, in seconds, a video is moved by a seek; below, by its speed. */
export const SEEK_BEYOND = 0.35;

/** Seconds within which a difference is to be made up. */
const CATCH_UP = 0.15;

/** The browsers' limits of playbackRate; below the least, a video is paused. */
const SLOWEST = 0.0625;
export const FASTEST = 8;

/** Seconds before its end at which a video stands still: one that has ended would play from its beginning again. */
const BEFORE_END = 0.03;

export class VideoPlayer {
  /** `onFail` is called once, with what is wrong, where the browser cannot play the file. */
  constructor(source, label, onFail) {
    this.element = document.createElement("video");
    Object.assign(this.element, { muted: true, playsInline: true, preload: "auto", tabIndex: -1, src: source });
    this.element.setAttribute("aria-label", label);
    this.drives = true;
    this.wanted = null;
    this.lost = false;
    /** Settled once there is a picture, or never will be. */
    this.ready = new Promise((done) => {
      for (const event of ["seeked", "error"]) this.element.addEventListener(event, done, { once: true });
    });
    this.element.addEventListener("seeked", () => this.#seeked());
    this.element.addEventListener("error", () => this.#fail(onFail));
    this.element.addEventListener("loadedmetadata", () => {
      // A file of which the browser knows only the sound.
      if (this.element.videoWidth === 0) this.#fail(onFail);
      else if (this.wanted !== null) this.#seek();
    });
  }

  get time() {
    return this.element.currentTime;
  }

  set muted(muted) {
    this.element.muted = muted;
  }

  /** Stand still at an instant. */
  show(seconds) {
    this.pause();
    this.wanted = seconds;
    if (!this.element.seeking && this.element.readyState >= HTMLMediaElement.HAVE_METADATA) this.#seek();
  }

  /** Play at a speed that nobody steers. */
  drive(speed) {
    this.#setRate(speed);
    this.#play();
  }

  /** Be at `seconds` now, going on at `speed`; `lost` says that it is elsewhere, and on its way. */
  steer(seconds, speed) {
    this.lost = this.element.seeking || this.element.readyState < HTMLMediaElement.HAVE_METADATA;
    if (this.lost) return;
    const error = Math.min(seconds, this.element.duration - BEFORE_END) - this.time;
    this.lost = Math.abs(error) > SEEK_BEYOND;
    if (this.lost || (this.element.ended && error < -BEFORE_END)) {
      if (speed < SLOWEST) this.pause();
      this.wanted = seconds;
      this.#seek();
      return;
    }
    const rate = speed + error / CATCH_UP;
    if (rate < SLOWEST) {
      this.pause();
      return;
    }
    this.#setRate(Math.min(rate, FASTEST));
    this.#play();
  }

  pause() {
    if (!this.element.paused) this.element.pause();
  }

  remove() {
    this.pause();
    this.element.removeAttribute("src");
    this.element.load();
    this.element.remove();
  }

  #play() {
    if (!this.element.paused || this.element.ended) return;
    this.element.play().catch((error) => {
      // Some browsers play sound only after a click: better silent than not at all.
      if (error.name === "NotAllowedError" && !this.element.muted) {
        this.element.muted = true;
        this.element.play().catch(() => {});
      }
    });
  }

  #setRate(rate) {
    if (Math.abs(this.element.playbackRate - rate) > 0.02) this.element.playbackRate = rate;
  }

  #seek() {
    this.element.currentTime = Math.max(0, this.wanted + TOLERANCE);
    this.sought = this.wanted;
  }

  #seeked() {
    // While it was under way another place may have been asked for.
    if (this.element.paused && this.wanted !== this.sought) this.#seek();
  }

  #fail(onFail) {
    if (!this.element.hasAttribute("src")) return;
    this.remove();
    onFail();
  }
}

export class StillPlayer {
  constructor(source, label) {
    this.element = document.createElement("img");
    this.element.alt = label;
    this.source = source;
    this.drives = false;
    this.ready = Promise.resolve();
    this.wanted = null;
    this.shown = null;
    this.loading = false;
    for (const event of ["load", "error"]) {
      this.element.addEventListener(event, () => {
        this.loading = false;
        if (this.wanted !== this.shown) this.#load();
      });
    }
  }

  set muted(_) {}

  show(seconds) {
    this.wanted = Math.round(seconds * 1000) / 1000;
    if (!this.loading && this.wanted !== this.shown) this.#load();
  }

  steer(seconds) {
    this.show(seconds);
  }

  drive() {}

  pause() {}

  remove() {
    this.element.remove();
  }

  #load() {
    this.loading = true;
    this.shown = this.wanted;
    this.element.src = `${this.source}?at=${Math.max(0, this.shown)}&pixels=480`;
  }
}

/** A recording without pictures: only its timeline moves. */
export class NoPlayer {
  constructor() {
    this.element = document.createElement("div");
    this.element.className = "no-picture";
    this.drives = false;
    this.ready = Promise.resolve();
  }

  set muted(_) {}

  show() {}

  steer() {}

  drive() {}

  pause() {}

  remove() {
    this.element.remove();
  }
}
