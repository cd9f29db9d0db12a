// The frame most like a given one in every other recording, with pictures, each a way to go there.

import { ask, make, timeText } from "./dom.js";

/** Show what is like frame `frame` of a recording. */
export async function showSimilar(app, box, index, frame) {
  const recording = app.run.recordings[index];
  box.replaceChildren(make("p", {}, "looking…"));
  const found = await ask(`api/recordings/${index}/similar?frame=${frame}`);
  const times = await app.times(index);
  const list = make("ol", { class: "similar" }, ...found.map((each) => entry(app, each)));
  const title = found.length ? "Most like" : "There is no other recording of this activity to compare with";
  box.replaceChildren(make("p", {}, `${title} ${recording.name} at ${timeText(times[frame], recording)}:`), list);
}

function entry(app, { recording: index, seconds, similarity }) {
  const recording = app.run.recordings[index];
  const picture = recording.video
    ? make("img", { loading: "lazy", alt: "", src: `videos/${index}/still.jpg?at=${seconds}&pixels=90` })
    : null;
  const words = `${recording.name}, ${timeText(seconds, recording)}, ${similarity.toFixed(2)}`;
  return make("li", {}, make("button", { type: "button", onclick: () => app.goTo(index, seconds) }, picture, words));
}
