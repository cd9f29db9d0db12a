// One recording, or one take of it, as a part of a stage: its picture, its timeline, and what can be done with it.

import { make, timeText } from "./dom.js";
import { NoPlayer, StillPlayer, VideoPlayer } from "./player.js";
import { Timeline } from "./timeline.js";

const CANNOT_PLAY =
  "This browser cannot play the video; single pictures are shown instead. To play it, convert it to H.264 in MP4.";

export class Panel {
  /** `buttons` stand behind the title; `onScrub` is called with an instant of the recording, `onPicture` on a click. */
  constructor(app, index, { title, range, buttons, onScrub, onBorder, onPicture }) {
    this.app = app;
    this.index = index;
    this.recording = app.run.recordings[index];
    this.place = range[0];
    this.locate = () => null;
    this.timeline = new Timeline(this.recording, range, { onScrub, onBorder });
    this.clock = make("span", { class: "time" });
    this.note = make("p", { class: "note" });
    this.picture = make("div", { class: "picture", onclick: onPicture });
    this.tools = make("div", { class: "bar tools", hidden: true });
    this.element = make(
      "section", { class: "panel", "aria-label": title },
      make("div", { class: "bar title" }, make("h2", {}, title), this.clock, ...buttons),
      this.picture, this.note, this.timeline.element, this.tools,
    );
    this.#setPlayer(this.#firstPlayer(title));
    this.setRun();
  }

  #firstPlayer(title) {
    if (!this.recording.video) return new NoPlayer();
    const source = `videos/${this.index}`;
    return new VideoPlayer(source, `Video of ${title}`, () => {
      this.note.textContent = CANNOT_PLAY;
      this.#setPlayer(new StillPlayer(`${source}/still.jpg`, `Picture of ${title}`));
      this.player.show(this.place);
    });
  }

  #setPlayer(player) {
    this.player = player;
    this.picture.replaceChildren(player.element);
  }

  /** Show the segments that hold now. */
  setRun() {
    this.recording = this.app.run.recordings[this.index];
    this.timeline.setSegments(this.recording, this.app.run.actions);
  }

  update(place) {
    this.element.classList.toggle("nowhere", place === null);
    if (place === null) return;
    this.place = place;
    this.timeline.update(place);
    this.clock.textContent = timeText(place, this.recording);
  }

  remove() {
    this.player.remove();
    this.element.remove();
  }
}
