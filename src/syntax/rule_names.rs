//! The grammar's rules in the user's words.

use super::grammar::Rule;

/// What a rule is called in a message. The match has no wildcard, so that a new rule needs a name.
pub(super) fn phrase(rule: Rule) -> &'static str {
    match rule {
        Rule::WHITESPACE | Rule::COMMENT => "white space",
        Rule::word_start
        | Rule::word_char
        | Rule::reserved
        | Rule::name
        | Rule::ident
        | Rule::data_name
        | Rule::instance => "a name",
        Rule::primed => "a primed name",
        Rule::number => "a number",
        Rule::string => "a quoted path",
        Rule::kw_use => "`use`",
        Rule::kw_data => "`data`",
        Rule::kw_let => "`let`",
        Rule::kw_def => "`def`",
        Rule::kw_architecture => "`architecture`",
        Rule::kw_reparam => "`reparam`",
        Rule::kw_projection => "`projection`",
        Rule::kw_embedding => "`embedding`",
        Rule::kw_morphism => "`morphism`",
        Rule::kw_optimizer => "`optimizer`",
        Rule::kw_system | Rule::ask_system => "`system`",
        Rule::kw_cone => "`cone`",
        Rule::kw_check => "`check`",
        Rule::kw_classify | Rule::classify => "`classify`",
        Rule::kw_param | Rule::param_entry => "`param`",
        Rule::kw_state | Rule::state_entry => "`state`",
        Rule::kw_flow | Rule::flow => "`flow`",
        Rule::kw_step | Rule::step => "`step`",
        Rule::kw_inverse | Rule::inverse => "`inverse`",
        Rule::kw_each | Rule::each => "`each`",
        Rule::kw_assume | Rule::assume => "`assume`",
        Rule::kw_where | Rule::where_clause => "`where`",
        Rule::kw_in => "`in`",
        Rule::kw_if | Rule::conditional => "`if`",
        Rule::kw_then => "`then`",
        Rule::kw_else => "`else`",
        Rule::kw_over => "`over`",
        Rule::kw_output | Rule::output_entry => "`output`",
        Rule::kw_metric => "`metric`",
        Rule::kw_loss | Rule::loss_entry => "`loss`",
        Rule::kw_group | Rule::group_entry | Rule::entry_start => "`group`",
        Rule::weight => "a weight in `(…)`",
        Rule::blocks => "`params` or a group",
        Rule::prime => "`'`",
        Rule::kw_natural | Rule::ask_natural => "`natural`",
        Rule::kw_commutes | Rule::ask_commutes => "`commutes`",
        Rule::kw_preserves | Rule::ask_preserves => "`preserves`",
        Rule::kw_same | Rule::ask_same => "`same`",
        Rule::kw_training | Rule::ask_training => "`training`",
        Rule::kw_transfer | Rule::ask_transfer | Rule::transfer => "`transfer`",
        Rule::kw_trace | Rule::trace | Rule::traced => "`trace`",
        Rule::kw_start | Rule::trace_start => "`start`",
        Rule::kw_repeat | Rule::trace_repeat => "`repeat`",
        Rule::kw_until | Rule::trace_until => "`until loss < …`",
        Rule::kw_read | Rule::read => "`= read \"…\"`",
        Rule::below => "`<`",
        Rule::setting => "a setting such as `lr = 1/10`",
        Rule::trace_entry => "`lr = …`, `steps = …`, `start`, `repeat` or `until`",
        Rule::kw_via | Rule::via => "`via`",
        Rule::kw_along => "`along`",
        Rule::kw_on | Rule::on => "`on`",
        Rule::kw_expect | Rule::expect => "`expect`",
        Rule::kw_up => "`up`",
        Rule::kw_to => "`to`",
        Rule::kw_rate => "`rate`",
        Rule::kw_rates => "`rates`",
        Rule::kw_limit => "`limit`",
        Rule::kw_fails => "`fails`",
        Rule::kw_undecided => "`undecided`",
        Rule::kw_invalid => "`invalid`",
        Rule::derivative_sign | Rule::derivative => "`d/dt`",
        Rule::covariant_sign | Rule::covariant => "`D/dt`",
        Rule::open_paren => "`(`",
        Rule::close_paren => "`)`",
        Rule::open_square => "`[`",
        Rule::close_square => "`]`",
        Rule::open_brace => "`{`",
        Rule::close_brace => "`}`",
        Rule::comma => "`,`",
        Rule::colon => "`:`",
        Rule::semicolon => "`;`",
        Rule::dot => "`.`",
        Rule::arrow => "`->`",
        Rule::equals | Rule::value => "`=`",
        Rule::equality => "`==`",
        Rule::comparison => "a comparison",
        Rule::range_closed | Rule::range_open | Rule::range_tail | Rule::range_sign => "a range `..`",
        Rule::file | Rule::items | Rule::item => "a declaration or a check",
        Rule::use_item => "a `use`",
        Rule::library => "the name of a library",
        Rule::data_item => "a data declaration",
        Rule::let_item => "a `let`",
        Rule::def_item => "a `def`",
        Rule::def_params | Rule::params => "a list of parameters in `(…)`",
        Rule::ty | Rule::ty_atom => "a type",
        Rule::dims => "sizes in `[…]`",
        Rule::condition => "a condition",
        Rule::param_piece => "a parameter",
        Rule::arguments => "arguments in `(…)`",
        Rule::argument => "an argument",
        Rule::path => "a path of morphisms",
        Rule::architecture => "an architecture",
        Rule::architecture_entry => "`param`, `let`, `output` or `loss`",
        Rule::morphism => "a morphism",
        Rule::domain => "a source: an architecture or a list of parameters in `(…)`",
        Rule::equation => "an equation",
        Rule::composite => "a composite",
        Rule::optimizer => "an optimizer",
        Rule::optimizer_entry => "`state`, `let`, `flow` or `step`",
        Rule::statement => "a rule such as `d/dt x = …` or `x' = …`",
        Rule::update => "a rule `x' = …`",
        Rule::block => "a block in `[…]`",
        Rule::system => "a system",
        Rule::generator => "a projection",
        Rule::over => "an index range such as `n in 1..8`",
        Rule::at_least => "`>=`",
        Rule::cone => "a cone",
        Rule::check => "a check",
        Rule::question => "`natural`, `training`, `transfer`, `commutes`, `preserves`, `same` or `system`",
        Rule::verdict => "a verdict",
        Rule::up_to_rate => "`up to rate`",
        Rule::up_to_rates => "`up to rates`",
        Rule::block_rate => "a rate such as `lr(W) = 2`",
        Rule::in_limit => "`in limit`",
        Rule::order => "an order such as `(lr^2)`",
        Rule::expr
        | Rule::operand
        | Rule::minus_sign
        | Rule::primary
        | Rule::parenthesised
        | Rule::call
        | Rule::list => "an expression",
        Rule::infix
        | Rule::add
        | Rule::subtract
        | Rule::multiply
        | Rule::divide
        | Rule::entry_multiply
        | Rule::entry_divide
        | Rule::power
        | Rule::postfix
        | Rule::transpose
        | Rule::reciprocal
        | Rule::index => "an operator",
        Rule::subscript => "a subscript",
        Rule::indexed | Rule::binder => "an index such as `i in 0..n`",
        Rule::EOI => "the end of the file",
    }
}
