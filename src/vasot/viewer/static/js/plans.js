// The plan of every shown pair as a heat map, with the path and the present point.

import { length, make } from "./dom.js";

const SVG = "http://www.w3.org/2000/svg";

export class Plan {
  constructor(app, leader, follower) {
    this.leader = leader;
    this.follower = follower;
    this.point = make("div", { class: "point" });
    const path = document.createElementNS(SVG, "svg");
    path.setAttribute("viewBox", "0 0 100 100");
    path.setAttribute("preserveAspectRatio", "none");
    const line = document.createElementNS(SVG, "polyline");
    line.setAttribute("points", follower.knots.map((seconds, frame) => {
      const [x, y] = this.#share(seconds, follower.follow[frame]);
      return `${(100 * x).toFixed(2)},${(100 - 100 * y).toFixed(2)}`;
    }).join(" "));
    path.append(line);
    const map = make(
      "div",
      {
        class: "map",
        onclick: (event) => {
          const box = map.getBoundingClientRect();
          const { start_seconds: start } = leader.recording;
          app.engine.seek(start + ((event.clientX - box.left) / box.width) * length(leader.recording));
        },
      },
      make("img", {
        src: `api/alignments/${leader.index}/${follower.index}/plan.png`,
        alt: `Plan: which moments of ${leader.recording.name} correspond to which of ${follower.recording.name}`,
      }),
      path, this.point,
    );
    this.element = make(
      "figure", {}, map,
      make("figcaption", {}, `→ ${leader.recording.name}`, make("br"), `↑ ${follower.recording.name}`),
    );
  }

  update() {
    const [x, y] = this.#share(this.leader.place, this.follower.place);
    this.point.style.left = `${100 * x}%`;
    this.point.style.bottom = `${100 * y}%`;
  }

  #share(x, y) {
    return [[x, this.leader], [y, this.follower]].map(
      ([seconds, { recording }]) => (seconds - recording.start_seconds) / length(recording));
  }
}
