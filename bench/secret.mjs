/** Signs the tokens of the load; both sides are children of one run on one machine. */
export const SECRET = "a secret of the benchmark, long enough for HS256";
