/** The file name of the manifest; the build puts it in. */
declare const __MANIFEST__: string;
/** The file name of the page that shows plans as trees. */
declare const __PLAN_VIEWER__: string;
