
// Show the questions, then add what assistive technology needs: groups with names, radio buttons that can be reached,
// and answers that are read out. Without scripts the text above stays.
const { name, questions, show } = this;
const start = (left) => {
  const all = document.getElementById(`${name}_all`);
  const live = document.getElementById(name);
  if (!live) {
    if (left) setTimeout(() => start(left - 1), 100);
    return;
  }
  if (live.childElementCount) return;
  show(questions, live);
  live.querySelectorAll(".Quiz").forEach((quiz, number) => {
    const rename = (element, id) => element && (element.id = `${name}_${id}`);
    const question = quiz.querySelector("[id^=quizQn]");
    const group = quiz.querySelector(".Answer");
    rename(question, `question${number}`);
    group.setAttribute("role", "radiogroup");
    group.setAttribute("aria-labelledby", question.id);
    quiz.querySelector(".Feedback").setAttribute("role", "status");
  });
  all.dataset.live = "";
};
start(50);
