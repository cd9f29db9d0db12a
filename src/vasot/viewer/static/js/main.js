// The page: which recordings are shown, what is asked for, and what holds after a change.

import { actionEntries } from "./actions.js";
import { ask, byId, make, tell, timeText } from "./dom.js";
import { Engine } from "./engine.js";
import { listenToKeys } from "./keys.js";
import { frameAt } from "./path.js";
import { Plan } from "./plans.js";
import { showSimilar } from "./similar.js";
import { SyncStage } from "./sync.js";
import { TakesStage, takesOf } from "./takes.js";

const FASTEST = 4;

/** Milliseconds that all takes wait for the slowest to have a picture. */
const LONGEST_WAIT = 4000;
const sleep = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

class App {
  constructor(run) {
    this.run = run;
    this.timesOf = new Map();
    this.plans = [];
    this.engine = new Engine(() => this.#update());
    this.shown = [];
    this.leader = 0;
    this.#restore();
  }

  /** What the switches say now. */
  get options() {
    return {
      follow: byId("follow").value, pace: byId("pace").value, unmatched: byId("unmatched").checked,
      plans: byId("show-plans").checked, edit: byId("edit").checked, sound: byId("sound").checked,
    };
  }

  /** Instants of a recording's frames. */
  times(index) {
    if (!this.timesOf.has(index)) {
      this.timesOf.set(index, ask(`api/recordings/${index}/times`).then(({ times }) => times));
    }
    return this.timesOf.get(index);
  }

  frameOf(panel) {
    return frameAt(panel.place, panel.times);
  }

  // Which recordings are shown.

  start() {
    byId("run-name").textContent = `vasot · ${this.run.name}`;
    document.title = `${this.run.name} · vasot`;
    for (const id of ["actions-box", "edit"]) byId(id).closest("details, label").hidden = !this.run.actions.length;
    // On a small screen they would cover what is played.
    byId("options").open = matchMedia("(min-width: 801px)").matches;
    this.#drawRun();
    this.#drawChooser();
    return this.showRecordings();
  }

  /** Play the shown recordings, the leader standing at an instant (its beginning where it is left out). */
  async showRecordings(seconds) {
    this.takes = null;
    const stage = new SyncStage(this, this.shown, this.leader);
    this.#setStage(stage, seconds ?? stage.start);
    this.#remember();
    await stage.ready;
    if (stage.removed) return;
    stage.markUnmatched();
    stage.setEditing(this.options.edit);
    this.#drawPlans();
    if (!this.engine.playing) this.engine.seek(this.engine.time);
  }

  showTakes(action, page) {
    if (!takesOf(this.run, action).length) {
      tell(`${this.run.actions[action].name} does not occur.`);
      return this.closeTakes();
    }
    this.takes ??= { back: this.engine.time };
    const stage = new TakesStage(this, action, page);
    Object.assign(this.takes, { action, page: stage.page });
    this.#setStage(stage, 0);
    const last = Math.min(stage.first + stage.parts.length, stage.count);
    byId("takes-title").textContent =
      `${this.run.actions[action].name}: takes ${stage.first + 1} to ${last} of ${stage.count}`;
    byId("takes-before").disabled = stage.page === 0;
    byId("takes-after").disabled = stage.page === stage.pages - 1;
    return Promise.race([stage.ready, sleep(LONGEST_WAIT)]).then(() => stage.removed || this.engine.play());
  }

  closeTakes() {
    if (this.takes) return this.showRecordings(this.takes.back);
    return undefined;
  }

  toggle(index) {
    const { activity } = this.run.recordings[index];
    const others = this.shown.filter((other) => other !== index);
    if (others.length === this.shown.length) {
      this.shown = this.shown.filter((other) => this.run.recordings[other].activity === activity);
      if (!this.shown.length) tell(`Now showing ${activity}: recordings of different activities are not aligned.`);
      this.shown.push(index);
    } else if (others.length) {
      this.shown = others;
    }
    if (!this.shown.includes(this.leader)) [this.leader] = this.shown;
    this.#drawChooser();
    return this.showRecordings(this.leader === this.engine.stage.leader?.index ? this.engine.time : undefined);
  }

  lead(index) {
    const panel = this.engine.stage.parts.find((part) => part.index === index);
    this.leader = index;
    return this.showRecordings(panel?.place);
  }

  /** Let a recording lead, and stand at an instant. */
  goTo(index, seconds) {
    if (!this.shown.includes(index)) this.shown.push(index);
    this.leader = index;
    this.#drawChooser();
    tell(`${this.run.recordings[index].name} leads, at ${timeText(seconds, this.run.recordings[index])}.`);
    return this.showRecordings(seconds);
  }

  #setStage(stage, seconds) {
    const before = this.engine.stage;
    this.plans = [];
    byId("plans").replaceChildren();
    byId("panels").replaceChildren(...stage.parts.map((part) => part.element));
    byId("panels").classList.toggle("takes", Boolean(this.takes));
    byId("panels").classList.toggle("flat", stage.parts.every((part) => !part.recording.video));
    byId("options").hidden = Boolean(this.takes);
    byId("takes-options").hidden = !this.takes;
    this.engine.setStage(stage, seconds);
    before?.remove();
    this.#setSound();
  }

  #restore() {
    const wanted = new URLSearchParams(location.hash.slice(1));
    const known = (text) => [...new Set((text ?? "").split(",").map(Number))]
      .filter((index) => text && Number.isInteger(index) && index in this.run.recordings);
    const [first] = this.run.recordings;
    this.shown = known(wanted.get("show"));
    if (!this.shown.length) {
      this.shown = [...this.run.recordings.keys()]
        .filter((index) => this.run.recordings[index].activity === first.activity).slice(0, 2);
    }
    this.leader = known(wanted.get("lead")).find((index) => this.shown.includes(index)) ?? this.shown[0];
  }

  #remember() {
    history.replaceState(null, "", `#show=${this.shown.join(",")}&lead=${this.leader}`);
  }

  // Playing.

  togglePlay() {
    if (this.engine.playing) this.engine.pause();
    else this.engine.play(Number(byId("speed").value));
  }

  step(frames, second) {
    this.engine.pause();
    const { frameSeconds, start } = this.engine.stage;
    const now = Math.round((this.engine.time - start) / frameSeconds);
    const by = second ? Math.round(1 / frameSeconds) : 1;
    this.engine.seek(start + (now + frames * by) * frameSeconds);
  }

  shuttle(direction) {
    const same = this.engine.playing && Math.sign(this.engine.speed) === direction;
    const speed = same ? Math.min(2 * Math.abs(this.engine.speed), FASTEST) : 1;
    this.engine.play(direction * speed);
  }

  /** Go to the leader's next segment of an action, or play all its takes. */
  act(action, takes) {
    if (!(action in this.run.actions)) return;
    const { name, merged } = this.run.actions[action];
    const shown = merged ?? action;
    if (takes || this.takes) {
      this.showTakes(shown, 0);
      return;
    }
    const starts = this.run.recordings[this.leader].segments
      .filter((segment) => segment.action === shown).map((segment) => segment.start_seconds);
    if (!starts.length) tell(`${name} does not occur in ${this.run.recordings[this.leader].name}.`);
    else this.engine.seek(starts.find((start) => start > this.engine.time + 0.001) ?? starts[0]);
  }

  #update() {
    const { stage, playing, time, speed } = this.engine;
    const text = playing ? (speed < 0 ? "Pause (back)" : "Pause") : "Play";
    if (byId("play").textContent !== text) byId("play").textContent = text;
    const recording = stage.leader?.recording;
    byId("clock").textContent = recording ? timeText(time, recording) : `${time.toFixed(2)} s`;
    this.plans.forEach((plan) => plan.update());
  }

  #setSound() {
    for (const part of this.engine.stage.parts) {
      part.player.muted = !(this.options.sound && part === this.engine.stage.leader);
    }
  }

  // What is asked about the recordings.

  #drawPlans() {
    const { stage } = this.engine;
    const wanted = this.options.plans && !this.takes && stage.followers.some((part) => part.pair);
    this.plans = wanted ? stage.followers.filter((part) => part.pair).map((part) => new Plan(this, stage.leader, part)) : [];
    byId("plans").replaceChildren(...this.plans.map((plan) => plan.element));
    this.plans.forEach((plan) => plan.update());
  }

  findSimilar(panel) {
    if (!panel.times) return;
    this.engine.pause();
    byId("similar-box").open = true;
    showSimilar(this, byId("similar"), panel.index, this.frameOf(panel)).catch((error) => tell(error.message, true));
  }

  similarToLeader() {
    if (this.engine.stage.leader) this.findSimilar(this.engine.stage.leader);
  }

  // Changes.

  /** Ask for a change, and show what holds then. */
  async change(path, body) {
    try {
      this.run = await ask(path, body);
      tell("Saved in the run folder.");
    } catch (error) {
      tell(error.message, true);
    }
    this.#drawRun();
    if (this.takes) this.showTakes(this.run.actions[this.takes.action].merged ?? this.takes.action, this.takes.page);
    else this.engine.stage.setRun();
  }

  undo() {
    if (this.run.undo) this.change("api/undo", {});
  }

  #drawRun() {
    const focused = document.activeElement?.dataset?.focus;
    byId("actions").replaceChildren(...actionEntries(this));
    if (focused) document.querySelector(`[data-focus="${focused}"]`)?.focus();
    byId("undo").disabled = !this.run.undo;
    byId("undo").setAttribute("aria-label", this.run.undo ? `Undo ${this.run.undo}` : "Undo");
  }

  #drawChooser() {
    const wanted = byId("filter").value.toLowerCase();
    const several = new Set(this.run.recordings.map((recording) => recording.activity)).size > 1;
    const entries = [...this.run.recordings.entries()]
      .filter(([, recording]) => recording.name.toLowerCase().includes(wanted))
      .map(([index, recording]) => make("label", {},
        make("input", { type: "checkbox", checked: this.shown.includes(index), onchange: () => this.toggle(index) }),
        several ? ` ${recording.name} (${recording.activity})` : ` ${recording.name}`));
    byId("recordings").replaceChildren(...entries);
  }

  /** Turn a switch over, as a key does. */
  flip(id) {
    const control = byId(id);
    if (control.closest("[hidden]")) return;
    if (control.type === "checkbox") control.checked = !control.checked;
    else control.selectedIndex = 1 - control.selectedIndex;
    control.dispatchEvent(new Event("change"));
  }

  listen() {
    const on = (id, event, act) => byId(id).addEventListener(event, act);
    on("play", "click", () => this.togglePlay());
    on("back", "click", () => this.step(-1, false));
    on("forward", "click", () => this.step(1, false));
    on("undo", "click", () => this.undo());
    on("help-open", "click", () => byId("help").showModal());
    on("help-close", "click", () => byId("help").close());
    on("filter", "input", () => this.#drawChooser());
    on("speed", "change", () => this.engine.playing && this.engine.play(Number(byId("speed").value)));
    on("follow", "change", () => this.engine.seek(this.engine.time));
    on("unmatched", "change", () => {
      this.engine.stage.markUnmatched();
      this.engine.seek(this.engine.time);
    });
    on("show-plans", "change", () => this.#drawPlans());
    on("sound", "change", () => this.#setSound());
    on("edit", "change", () => this.engine.stage.setEditing(this.options.edit));
    on("pace", "change", () => this.showTakes(this.takes.action, this.takes.page));
    on("takes-before", "click", () => this.showTakes(this.takes.action, this.takes.page - 1));
    on("takes-after", "click", () => this.showTakes(this.takes.action, this.takes.page + 1));
    on("takes-close", "click", () => this.closeTakes());
    listenToKeys(this);
  }
}

try {
  const app = new App(await ask("api/run"));
  app.listen();
  await app.start();
} catch (error) {
  tell(error.message, true);
}
