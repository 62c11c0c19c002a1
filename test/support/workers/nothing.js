export const notTheDefault = () => {};
