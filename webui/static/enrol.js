// A monitor PC that nobody has enrolled yet: shows its code, and goes on by itself once a manager typed it.

const look = async () => {
  try {
    const answer = await fetch("/monitor/enrolled", { credentials: "same-origin", cache: "no-store" });
    const { is_enrolled: isEnrolled, is_over: isOver } = await answer.json();
    if (isEnrolled || isOver) location.reload();
  } catch {
    // The box restarts: ask again.
  }
};
setInterval(look, 2000);
