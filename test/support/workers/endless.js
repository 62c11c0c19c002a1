/** Never yields: nothing but the end of its thread ends it. */
export default function endless(_input, task) {
  task.progress(1, "begun");
  for (;;);
}
