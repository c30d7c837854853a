/** The file name of the manifest; the build puts it in. */
declare const __MANIFEST__: string;
