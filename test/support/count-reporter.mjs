/** Jest reporter: the run's last line is its count, in a form that a script can read. */
export default class CountReporter {
  onRunComplete(_contexts, results) {
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    const skipped = results.numPendingTests + results.numTodoTests;
    const tail = skipped > 0 ? `, ${skipped} skipped` : '';
    // Jest's own summary comes after the reporters: the count waits until the process ends.
    process.once('exit', () => {
      const seconds = Math.round((Date.now() - results.startTime) / 1000);
      const took = `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
      process.stdout.write(
        `\nThe run took ${took}.\n${results.numPassedTests} passed, ${failed} failed${tail}\n`,
      );
    });
  }
}
