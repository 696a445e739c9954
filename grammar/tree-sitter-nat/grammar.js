/**
 * The grammar of the `.nat` language for tree-sitter. `../nat.pest` is the grammar of the language; this one follows its
 * sections and its names.
 *
 * Words that are not reserved have a meaning only where it fits, and tree-sitter takes a word as the keyword wherever one
 * may stand. So an expression may also begin with those words that can stand in the same place as one (`word`).
 */

/// <reference types="tree-sitter-cli/dsl" />
// @ts-check

const PREC = { conditional: 0, sum: 1, product: 2, minus: 3, power: 4, postfix: 5 };

/** One or more, between commas. */
const some = (rule) => seq(rule, repeat(seq(",", rule)));

/** One or more, between commas, perhaps with one at the end. */
const list = (rule) => seq(some(rule), optional(","));

module.exports = grammar({
  name: "nat",

  word: ($) => $.identifier,

  extras: ($) => [/\p{White_Space}/, "\uFEFF", $.comment, $.doc_comment],

  supertypes: ($) => [$._item, $._expression],

  reserved: {
    global: () => [
      "use", "data", "let", "def", "architecture", "reparam", "projection", "embedding", "morphism", "optimizer",
      "system", "cone", "check", "classify", "param", "state", "flow", "step", "inverse", "each",
    ],
  },

  conflicts: ($) => [
    // `where a > 0, b`: another condition, or another parameter.
    [$.where_clause],
    [$._conditions],
    // `group G = U, loss`: another block, or the line of the loss.
    [$.group],
    // `over m >= 2, F`: another range, or another map.
    [$.generator],
    // `expect up to rate trace`: a rate, or an experiment.
    [$.rate],
    // `if (a) < b then …`, and `if` as a name.
    [$.conditional, $._word],
  ],

  rules: {
    source_file: ($) => repeat($._item),

    comment: () => token(seq("//", /[^\n]*/)),
    doc_comment: () => token(prec(1, seq("///", /[^\n]*/))),

    identifier: () => /[\p{XID_Start}_][\p{XID_Continue}\u2080-\u209C]*/,
    number: () => /[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?/,
    string: () => /"[^"\n]*"/,

    // --- items

    _item: ($) =>
      choice(
        $.use,
        $.data,
        $.let,
        $.def,
        $.architecture,
        $.morphism,
        $.composite,
        $.optimizer,
        $.system,
        $.cone,
        $.check,
        $.classify,
        $.transfer,
        $.trace,
        $.assume,
      ),

    use: ($) => seq("use", choice(field("path", $.string), field("library", $.library))),
    library: ($) => seq($.identifier, repeat(seq(".", $.identifier))),

    data: ($) =>
      seq(
        "data",
        list($.data_name),
        ":",
        field("type", $.type),
        optional(
          choice(
            $._read,
            seq($._value, optional($.where_clause)),
            seq($.where_clause, optional(choice($._read, $._value))),
          ),
        ),
      ),
    data_name: ($) => seq(field("name", $.identifier), optional(field("parameters", $.parameters))),
    _read: ($) => seq("=", field("value", $.read)),
    read: ($) => seq("read", field("path", $.string)),
    _value: ($) => seq("=", field("value", $._expression)),

    let: ($) => seq("let", field("name", $.identifier), $._value),

    def: ($) => seq("def", field("name", $.identifier), field("parameters", $.names), $._value),
    names: ($) => seq("(", optional(list($.identifier)), ")"),

    // --- types, conditions, lists of parameters

    type: ($) => prec.right(seq($._type_atom, repeat(seq("->", $._type_atom)))),
    _type_atom: ($) => prec.right(seq(field("name", $.identifier), optional($.dimensions))),
    dimensions: ($) => seq("[", list($._expression), "]"),

    where_clause: ($) => seq("where", some($.condition), optional(",")),
    condition: ($) => seq($._expression, repeat1(seq($._comparison, $._expression))),
    _comparison: () => choice("<", "<=", ">", ">=", "!="),

    // In the body of a declaration, or behind it.
    assume: ($) => seq("assume", some($.condition)),

    parameters: ($) => seq("(", optional(list($.parameter)), ")"),
    parameter: ($) =>
      seq(
        field("name", $.identifier),
        optional(seq(":", field("type", $.type))),
        optional(
          choice(
            seq($._value, optional(alias($._conditions, $.where_clause))),
            seq(alias($._conditions, $.where_clause), optional($._value)),
          ),
        ),
      ),
    // Without the comma at the end, which belongs to the list of parameters.
    _conditions: ($) => seq("where", some($.condition)),

    instance: ($) => seq(field("name", $.identifier), optional($.arguments)),
    arguments: ($) => seq("(", optional(list($.argument)), ")"),
    argument: ($) => seq(optional(seq(field("name", $._word), "=")), field("value", $._expression)),

    path: ($) => seq($.instance, repeat(seq(";", $.instance))),

    // --- architectures

    architecture: ($) =>
      seq(
        "architecture",
        field("name", $.identifier),
        optional(field("parameters", $.parameters)),
        "{",
        repeat(choice($.param, $.let, $.group, $.output, $.metric, $.loss, $.assume)),
        "}",
      ),
    param: ($) => seq("param", list(field("name", $.identifier)), ":", field("type", $.type), optional($.where_clause)),
    group: ($) => seq("group", field("name", $.identifier), "=", some(field("member", $._word)), optional(",")),
    output: ($) => seq("output", $._value),
    metric: ($) => seq("output", "metric", $._value),
    loss: ($) => seq("loss", $._value),

    // --- morphisms

    morphism: ($) =>
      seq(
        field("kind", choice("reparam", "projection", "embedding")),
        field("name", $.identifier),
        optional(field("parameters", $.parameters)),
        ":",
        field("source", choice($.parameters, $.instance)),
        "->",
        field("target", $.instance),
        "{",
        repeat($._line),
        optional(seq($.inverse, repeat($._line))),
        "}",
      ),
    _line: ($) => choice($._equation, $.assume),
    _equation: ($) => choice($.let, $.equation),
    equation: ($) => seq(field("name", $.identifier), $._value),
    inverse: ($) => seq("inverse", "{", repeat($._equation), "}"),

    composite: ($) =>
      seq("morphism", field("name", $.identifier), optional(field("parameters", $.parameters)), "=", $.path),

    // --- optimizers

    optimizer: ($) =>
      seq(
        "optimizer",
        field("name", $.identifier),
        optional(field("parameters", $.parameters)),
        "{",
        repeat(choice($.state, $.let, $.flow, $.step, $.assume)),
        "}",
      ),
    state: ($) =>
      seq(
        "state",
        list(field("name", $.identifier)),
        ":",
        field("type", $.type),
        optional($.weight),
        optional("each"),
        optional($._value),
      ),
    weight: ($) => seq("(", $._expression, optional(seq(",", field("parity", $.identifier))), optional(","), ")"),
    flow: ($) => seq("flow", "{", repeat($._statement), "}"),
    step: ($) =>
      seq("step", "(", field("rate", $.identifier), optional(","), ")", "{", repeat($._statement), "}"),

    _statement: ($) => choice($.let, $.each, $.derivative, $.update),
    derivative: ($) =>
      seq(choice($.derivative_sign, $.covariant_sign), field("name", $.identifier), optional($.block), $._value),
    derivative_sign: () => token(/d *\/ *dt/),
    covariant_sign: () => token(/D *\/ *dt/),
    update: ($) =>
      seq(choice(seq($.primed, optional($.block)), seq(field("name", $.identifier), $.block, "'")), $._value),
    block: ($) => seq("[", $.identifier, "]"),
    each: ($) =>
      seq(
        "each",
        field("name", $.identifier),
        optional(seq(":", field("type", $.type))),
        "in",
        $.blocks,
        "{",
        repeat($._statement),
        "}",
      ),
    blocks: ($) => seq($.identifier, repeat(seq("-", $.identifier))),

    // --- systems and cones

    system: ($) =>
      seq("system", field("name", $.identifier), choice(seq("=", $.generator), seq("{", repeat($.generator), "}"))),
    generator: ($) => seq($.instance, optional(seq("over", some($.over), optional(",")))),
    over: ($) =>
      seq(
        field("name", $.identifier),
        choice(seq("in", $._expression, $._range_sign, $._expression), seq(">=", $._expression)),
      ),

    cone: ($) =>
      seq(
        "cone",
        field("name", $.identifier),
        ":",
        field("source", $.instance),
        "->",
        field("target", $.instance),
        "=",
        $.generator,
      ),

    // --- checks

    check: ($) => seq("check", $._question, optional($.expect)),
    _question: ($) =>
      choice($.natural, $.training, $.ask_transfer, $.commutes, $.preserves, $.same, $.ask_system),

    natural: ($) => seq("natural", $.instance, "along", $.path, optional($.on)),
    training: ($) => seq("training", $.instance, "along", $.path),
    ask_transfer: ($) => seq("transfer", $.instance, "along", $.path),
    commutes: ($) => seq("commutes", $.path, "==", $.path),
    preserves: ($) => seq("preserves", choice("loss", "output"), $.path),
    same: ($) => seq("same", optional("training"), $.instance, "==", $.instance, optional($.on), optional($.via)),
    ask_system: ($) => seq("system", field("name", $.identifier)),

    on: ($) => seq("on", $.instance),
    via: ($) => seq("via", "{", repeat($._equation), "}"),

    expect: ($) => seq("expect", $.verdict),
    verdict: ($) => choice("commutes", $.rates, $.rate, $.limit, "fails", "undecided", "invalid"),
    rate: ($) => seq("up", "to", "rate", optional($._expression)),
    rates: ($) => seq("up", "to", "rates", optional(seq(some($.block_rate), optional(",")))),
    block_rate: ($) => seq(field("name", $.identifier), "(", field("block", $.identifier), ")", $._value),
    limit: ($) => seq("in", "limit", optional($.order)),
    order: ($) => seq("(", $.identifier, "^", $.number, ")"),

    classify: ($) => seq("classify", optional($.instance), optional($.on)),

    transfer: ($) => seq("transfer", optional($.instance), "along", $.path),

    // --- experiments

    trace: ($) =>
      seq(
        "trace",
        list($.instance),
        "along",
        $.path,
        optional(seq("{", repeat(choice($.start, $.repeat, $.until, $.setting)), "}")),
      ),
    start: ($) => seq("start", "{", repeat($._equation), "}"),
    repeat: ($) => seq("repeat", some($._expression)),
    until: ($) => seq("until", "loss", "<", $._expression),
    setting: ($) => seq(field("name", $.identifier), $._value),

    // --- expressions

    _expression: ($) =>
      choice(
        $.number,
        $._word,
        $.primed,
        $.call,
        $.list,
        $.parenthesized,
        $.conditional,
        $.minus,
        $.binary,
        $.power,
        $.transpose,
        $.reciprocal,
        $.index,
      ),

    // A name, also where one of these words could stand that are not reserved.
    _word: ($) =>
      choice($.identifier, alias(choice("output", "loss", "group", "assume", "trace", "transfer", "read", "if"), $.identifier)),

    primed: ($) => seq(field("name", $.identifier), token.immediate("'")),

    parenthesized: ($) => seq("(", $._expression, ")"),

    call: ($) =>
      prec(
        PREC.postfix,
        seq(field("function", $._word), "(", optional(choice($.indexed, list($._expression))), ")"),
      ),
    list: ($) => seq("[", optional(choice($.indexed, list($._expression))), "]"),

    indexed: ($) => seq(list($.binder), ":", field("body", $._expression)),
    binder: ($) => seq(field("name", $._word), "in", $._expression, $._range_sign, $._expression),
    _range_sign: () => choice("..=", ".."),

    conditional: ($) =>
      prec.right(
        PREC.conditional,
        seq(
          "if",
          $._expression,
          $._comparison,
          $._expression,
          "then",
          field("consequence", $._expression),
          "else",
          field("alternative", $._expression),
        ),
      ),

    minus: ($) => prec(PREC.minus, seq("-", $._expression)),
    binary: ($) =>
      choice(
        prec.left(PREC.sum, seq($._expression, choice("+", "-"), $._expression)),
        prec.left(PREC.product, seq($._expression, choice("*", "/", ".*", "./"), $._expression)),
      ),
    power: ($) => prec.right(PREC.power, seq($._expression, "^", $._expression)),

    // `x^Tau` and `x^-10` are powers: the words and numbers are others.
    transpose: ($) => prec(PREC.postfix, seq($._expression, "^", "T")),
    reciprocal: ($) => prec(PREC.postfix, seq($._expression, "^", "-", "1")),

    index: ($) => prec(PREC.postfix, seq($._expression, "[", list($._subscript), "]")),
    _subscript: ($) => choice(":", $.slice, $._expression),
    slice: ($) =>
      choice(
        seq(optional($._expression), "..=", $._expression),
        seq(optional($._expression), "..", optional($._expression)),
      ),
  },
});
