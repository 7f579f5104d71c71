// The score of "which one is real?", kept in this browser for each model and data set.
const KEY = "allaprima-score";
const ENOUGH = 10; // rounds before anything is said of the player
const SURE = 2; // standard deviations of somebody who tosses a coin

export const NO_SCORE = { rounds: 0, right: 0, streak: 0, best: 0 };

const all = () => {
  try {
    return JSON.parse(localStorage.getItem(KEY)) ?? {};
  } catch {
    return {};
  }
};

const isScore = (score) => score && Object.keys(NO_SCORE).every((key) => Number.isInteger(score[key]));

export function kept(model, dataset) {
  const score = all()[`${model} ${dataset}`];
  return isScore(score) ? score : NO_SCORE;
}

export function store(model, dataset, score) {
  try {
    localStorage.setItem(KEY, JSON.stringify({ ...all(), [`${model} ${dataset}`]: score }));
  } catch { /* the browser keeps nothing: the score lives as long as the page */ }
  return score;
}

export function counted({ rounds, right, streak, best }, isRight) {
  const row = isRight ? streak + 1 : 0;
  return { rounds: rounds + 1, right: right + (isRight ? 1 : 0), streak: row, best: Math.max(best, row) };
}

// What the score means, beside somebody who tosses a coin: he is right in half of the rounds, give or take.
export function sentenceOf({ rounds, right }) {
  if (!rounds) return "Who tosses a coin is right half of the time.";
  const percent = `${Math.round(100 * right / rounds)} % right.`;
  if (rounds < ENOUGH) return `${percent} ${ENOUGH - rounds} more ${ENOUGH - rounds === 1 ? "round" : "rounds"}, and it begins to mean something.`;
  const beyond = (right - rounds / 2) / (Math.sqrt(rounds) / 2);
  if (beyond > SURE) return `${percent} You can tell them apart: that is more than luck.`;
  if (beyond < -SURE) return `${percent} You can tell them apart, but take the painted ones for real.`;
  return `${percent} Tossing a coin would do as well: the painter fools you, so far.`;
}
