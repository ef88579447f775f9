/**
 * Tells whether tokens come again, however long the circle of them is, by remembering one of them (Brent's algorithm): a listing may have millions of pages.
 */
export function createCircleWatch(): (token: string) => boolean {
  let remembered: string | undefined;
  let [steps, stepsToRemember] = [0, 1];
  return (token) => {
    if (token === remembered) return true;
    steps += 1;
    if (steps === stepsToRemember) {
      remembered = token;
      [steps, stepsToRemember] = [0, stepsToRemember * 2];
    }
    return false;
  };
}
