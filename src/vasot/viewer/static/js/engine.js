// The clock: the leader's video where there is one that plays, else the page's own; the others are steered after it.

import { FASTEST, SEEK_BEYOND } from "./player.js";

/** Seconds ahead over which a follower's speed is taken; over more, it sets out too early where the path turns steep. */
const AHEAD = 0.02;

/** Seconds for which the leader waits for a follower that had to jump. */
const LONGEST_HOLD = 1.5;

/** Seconds before a jump of the path at which the follower is sent to its end, and the steps in which it is looked for. */
const FORESEE = 0.04;
const STEP = 0.02;

/** Seconds of the leader over which the path jumps at most: longer ones are several jumps. */
const LONGEST_JUMP = 1;

/**
 * Plays a stage: `{ start, end, loops, leader, parts }`, where a part is `{ player, locate, update }`. `locate` says
 * where the part stands at an instant of the stage, null for nowhere; `update` is told so, at every picture.
 */
export class Engine {
  constructor(onUpdate) {
    this.stage = null;
    this.time = 0;
    this.speed = 1;
    this.playing = false;
    this.onUpdate = onUpdate;
    this.last = 0;
    const turn = (now) => {
      if (this.playing) this.#advance(now);
      requestAnimationFrame(turn);
    };
    requestAnimationFrame(turn);
    document.addEventListener("visibilitychange", () => document.hidden && this.pause());
  }

  setStage(stage, time) {
    this.pause();
    this.stage = stage;
    this.seek(time);
  }

  /** Play at a speed; a negative one goes back. */
  play(speed = Math.abs(this.speed)) {
    if (!this.stage) return;
    this.speed = speed;
    const { start, end } = this.stage;
    if (speed > 0 && this.time >= end - 0.02) this.#move(start);
    if (speed < 0 && this.time <= start) this.#move(end);
    this.playing = true;
    this.held = 0;
    this.last = performance.now();
    if (this.#drives()) this.stage.leader.player.drive(speed);
    this.onUpdate();
  }

  pause() {
    if (!this.playing) return;
    this.playing = false;
    this.seek(this.#drives() ? this.stage.leader.player.time : this.time);
  }

  /** Move to an instant: at rest, all show exactly that; while playing, they go on from there. */
  seek(time) {
    this.#move(time);
    if (this.playing && this.#drives()) this.stage.leader.player.drive(this.speed);
  }

  #move(time) {
    const { start, end, parts } = this.stage;
    this.time = Math.min(Math.max(time, start), end);
    for (const part of parts) {
      const place = part.locate(this.time);
      if (place !== null) part.player.show(place);
      part.update(place, this.time);
    }
    this.onUpdate();
  }

  #drives() {
    return this.speed > 0 && this.stage.leader !== null && this.stage.leader.player.drives;
  }

  #advance(now) {
    const { start, end, loops, leader, parts } = this.stage;
    const elapsed = Math.min((now - this.last) / 1000, 0.25);
    this.last = now;
    const driven = this.#drives() ? leader : null;
    const player = driven?.player;
    if (player?.element.seeking) return;
    const holds = this.#hold(parts.filter((part) => part !== driven), player, elapsed);
    if (player) this.time = player.time;
    else if (!holds) this.time += elapsed * this.speed;
    if (this.time >= end || player?.element.ended || (this.speed < 0 && this.time <= start)) {
      if (loops) this.seek(this.speed > 0 ? start : end);
      else this.pause();
      return;
    }
    for (const part of parts) {
      const place = part.locate(this.time);
      if (part !== driven) this.#steer(part, place, holds ? 0 : this.speed);
      part.update(place, this.time);
    }
    this.onUpdate();
  }

  /** Whether the leader waits: where the path jumps, a follower is elsewhere until it has its picture. */
  #hold(followers, player, elapsed) {
    const lost = this.speed > 0 && followers.some((part) => part.player.lost);
    const holds = lost && this.held < LONGEST_HOLD;
    if (holds) player?.pause();
    else if (this.held > 0) player?.drive(this.speed);
    this.held = lost ? this.held + elapsed : 0;
    return holds;
  }

  #steer(part, place, speed) {
    const landing = speed < 0 ? null : this.#landing(part, place);
    if (place === null) {
      part.player.pause();
    } else if (speed < 0) {
      part.player.show(place);
    } else if (landing !== null) {
      part.player.steer(landing, 0);
    } else {
      const later = part.locate(this.time + AHEAD * speed);
      part.player.steer(place, later === null ? 0 : Math.max(0, later - place) / AHEAD);
    }
  }
  /** Where a jump of the path ends that is under way or about to begin, else null: no video plays what lies between. */
  #landing(part, place) {
    let before = place;
    let jumps = false;
    for (let ahead = STEP; ahead <= LONGEST_JUMP; ahead += STEP) {
      const then = part.locate(this.time + ahead * this.speed);
      if (before === null || then === null) break;
      const steep = Math.abs(then - before) > FASTEST * STEP * this.speed;
      if (!steep && (jumps || ahead > FORESEE)) break;
      jumps ||= steep;
      before = then;
    }
    return jumps && Math.abs(before - place) > SEEK_BEYOND ? before : null;
  }
}
