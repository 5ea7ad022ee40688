package io.patchbay.cli;

/** How an answer is printed. */
enum Output {
    table,
    json
}
