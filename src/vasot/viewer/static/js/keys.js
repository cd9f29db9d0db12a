// What keys do, and the list of them in the help.

import { byId, make } from "./dom.js";

/** Key (as `event.key`, in lower case, or as a digit) -> what it does; `words` are those of the help. */
function bindings(app) {
  return [
    { keys: [" "], label: "Space", words: "play, or stand still", run: () => app.togglePlay() },
    { keys: ["arrowleft"], label: "←", words: "one frame back; one second with Shift", run: (e) => app.step(-1, e.shiftKey) },
    { keys: ["arrowright"], label: "→", words: "one frame on; one second with Shift", run: (e) => app.step(1, e.shiftKey) },
    { keys: ["j"], label: "J", words: "play backwards; again: faster", run: () => app.shuttle(-1) },
    { keys: ["k"], label: "K", words: "stand still", run: () => app.engine.pause() },
    { keys: ["l"], label: "L", words: "play; again: faster", run: () => app.shuttle(1) },
    { keys: ["n"], label: "N", words: "frames of other recordings similar to the leader's", run: () => app.similarToLeader() },
    { keys: ["m"], label: "M", words: "follow the raw matches or the monotone path", run: () => app.flip("follow") },
    { keys: ["u"], label: "U", words: "show or hide unmatched stretches", run: () => app.flip("unmatched") },
    { keys: ["p"], label: "P", words: "show or hide the plans", run: () => app.flip("show-plans") },
    { keys: ["e"], label: "E", words: "edit segments: handles at their borders", run: () => app.flip("edit") },
    { keys: ["z"], label: "Ctrl Z", words: "undo the latest change", modified: true, run: () => app.undo() },
    { keys: ["escape"], label: "Escape", words: "back to whole recordings", run: () => app.closeTakes() },
    { keys: ["?"], label: "?", words: "this help", run: () => byId("help").showModal() },
  ];
}

const OTHERS = [
  ["1 to 9", "go to the leader's next segment of this action"],
  ["Shift 1 to 9", "play all takes of this action"],
  ["Tab", "to the next control; a timeline is one: Home, End, Page Up and Page Down move it by more"],
  ["← → on a border", "move it by a frame, by ten with Shift"],
];

const TYPING = "input:not([type=checkbox]), select, textarea";
const PRESSED = "button, summary, input[type=checkbox], a";

export function listenToKeys(app) {
  const all = bindings(app);
  byId("keys").append(...[...all.map(({ label, words }) => [label, words]), ...OTHERS].flatMap(([label, words]) => [
    make("dt", {}, make("kbd", {}, label)), make("dd", {}, words),
  ]));
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.altKey || byId("help").open || event.target.closest(TYPING)) return;
    // Space presses what has the focus.
    if (event.key === " " && event.target.closest(PRESSED)) return;
    const modified = event.ctrlKey || event.metaKey;
    const digit = modified ? null : /^Digit([1-9])$/.exec(event.code);
    const bound = all.find((each) => each.keys.includes(event.key.toLowerCase()) && Boolean(each.modified) === modified);
    if (!digit && !bound) return;
    event.preventDefault();
    if (bound) bound.run(event);
    else app.act(Number(digit[1]) - 1, event.shiftKey);
  });
}
