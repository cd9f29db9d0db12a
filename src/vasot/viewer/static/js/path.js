// From the time of the leader to that of a follower. No page is needed here: times in, times out, in seconds.

/** Seconds by which a frame may appear late and still be shown at an instant: containers round time stamps. */
export const TOLERANCE = 0.0005;

/** Frames between two successive matches that count as running on; further apart, the match has jumped. */
const RUNNING_ON = 3;

/** Index of the last of the increasing `times` that is not after `seconds`; 0 before the first. */
export function frameAt(seconds, times) {
  let low = 0;
  let high = times.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (times[middle] <= seconds + TOLERANCE) low = middle;
    else high = middle - 1;
  }
  return low;
}

/**
 * Where the follower stands at an instant of the leader.
 *
 * `follow[i]` is the follower's time at `times[i]`, the leader's frames and its end; between them it runs on evenly,
 * before the first and after the last it stands still.
 */
export function followTime(seconds, times, follow) {
  const last = times.length - 1;
  if (seconds <= times[0]) return follow[0];
  if (seconds >= times[last]) return follow[last];
  let index = frameAt(seconds, times);
  if (times[index] > seconds) index -= 1;
  const share = (seconds - times[index]) / (times[index + 1] - times[index]);
  return follow[index] + share * (follow[index + 1] - follow[index]);
}

/** The earliest instant of the leader at which the follower stands at `seconds`: the inverse of `followTime`. */
export function leaderTime(seconds, times, follow) {
  const last = follow.length - 1;
  if (seconds <= follow[0]) return times[0];
  if (seconds > follow[last]) return times[last];
  let low = 0;
  let high = last;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (follow[middle] >= seconds) high = middle;
    else low = middle + 1;
  }
  const share = (seconds - follow[low - 1]) / (follow[low] - follow[low - 1]);
  return times[low - 1] + share * (times[low] - times[low - 1]);
}

/** Where the follower stands by the raw matches (frames of the follower, -1 for none); null where there is none. */
export function matchTime(seconds, times, matches, followerTimes) {
  const index = frameAt(seconds, times);
  const match = matches[index];
  if (match < 0) return null;
  const next = matches[index + 1];
  if (next === undefined || next < 0 || Math.abs(next - match) > RUNNING_ON) return followerTimes[match];
  const share = Math.max(0, (seconds - times[index]) / (times[index + 1] - times[index]));
  return followerTimes[match] + share * (followerTimes[next] - followerTimes[match]);
}

/** The instant of the leader whose match lies nearest to `seconds` of the follower; null where nothing is matched. */
export function matchedLeaderTime(seconds, times, matches, followerTimes) {
  let best = null;
  let distance = Infinity;
  matches.forEach((match, index) => {
    const apart = match < 0 ? Infinity : Math.abs(followerTimes[match] - seconds);
    if (apart < distance) {
      distance = apart;
      best = times[index];
    }
  });
  return best;
}

/** Whether an instant lies in one of the stretches `[start, end]`. */
export function within(seconds, stretches) {
  return stretches.some(([start, end]) => seconds >= start - TOLERANCE && seconds < end - TOLERANCE);
}
