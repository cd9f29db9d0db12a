// Plays for some seconds and returns how far the follower's picture is from where the path has it, in seconds, at every
// picture that either video shows.
async ([leader, follower, seconds]) => {
  const { followTime } = await import(new URL("static/js/path.js", document.baseURI));
  const answer = async (path) => (await fetch(path)).json();
  const { recordings } = await answer("api/run");
  const { times } = await answer(`api/recordings/${leader}/times`);
  times.push(recordings[leader].end_seconds);
  const { follow } = await answer(`api/alignments/${leader}/${follower}`);
  const shown = {};
  const errors = [];
  let measuring = false;
  const watch = (index) => {
    const video = document.querySelector(`video[src="videos/${index}"]`);
    const see = (_, { mediaTime }) => {
      shown[index] = mediaTime;
      if (measuring && leader in shown && follower in shown) {
        errors.push(Math.abs(shown[follower] - followTime(shown[leader], times, follow)));
      }
      video.requestVideoFrameCallback(see);
    };
    video.requestVideoFrameCallback(see);
  };
  [leader, follower].forEach(watch);
  const sleep = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));
  const play = document.getElementById("play");
  play.click();
  await sleep(500);
  measuring = true;
  await sleep(1000 * seconds);
  measuring = false;
  if (play.textContent !== "Play") play.click();
  return errors;
}
