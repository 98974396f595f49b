// SPDX-License-Identifier: BSD-2-Clause
#include <sig2pid/engine/expression.hpp>

#include "engine/expr/ast.hpp"
#include "engine/expr/glob.hpp"

#include <ranges>
#include <span>

namespace sig2pid::engine {
namespace {

using expr::Node;

/// The comparisons of the tree in reading order, which is the order they are evaluated in.
void collect(const Node& node, std::vector<const Node*>& comparisons) {
    if (node.kind == Node::Kind::comparison) {
        comparisons.push_back(&node);
    }
    for (const Node& child : node.children) {
        collect(child, comparisons);
    }
}

/// Hands out term numbers from the last to the first: when a term is placed, all it can jump to is.
class Linker {
public:
    explicit Linker(std::span<const Node* const> comparisons) : terms_(comparisons.size()), free_(terms_.size()) {}

    /// Places a condition so that it goes on at on_true or on_false; returns where it begins.
    std::uint16_t place(const Node& node, std::uint16_t on_true, std::uint16_t on_false) {
        switch (node.kind) {
        case Node::Kind::comparison:
            return place_term(node.term, on_true, on_false);
        case Node::Kind::negation:
            return place(node.children.front(), on_false, on_true);
        case Node::Kind::all:
        case Node::Kind::any:
            return place_chain(node, on_true, on_false);
        }
        return reject;
    }

    [[nodiscard]] std::vector<Term> take() { return std::move(terms_); }

private:
    std::uint16_t place_term(const Term& term, std::uint16_t on_true, std::uint16_t on_false) {
        --free_;
        terms_[free_] = term;
        terms_[free_].on_true = on_true;
        terms_[free_].on_false = on_false;
        return static_cast<std::uint16_t>(free_);
    }

    /// Every child but the last goes on to the next one, unless it decides the chain.
    std::uint16_t place_chain(const Node& node, std::uint16_t on_true, std::uint16_t on_false) {
        std::uint16_t next = node.kind == Node::Kind::all ? on_true : on_false;
        for (const Node& child : std::views::reverse(node.children)) {
            next = node.kind == Node::Kind::all ? place(child, next, on_false) : place(child, on_true, next);
        }
        return next;
    }

    std::vector<Term> terms_;
    std::size_t free_;
};

expr::Checked<void> check_limits(std::span<const Node* const> comparisons) {
    if (comparisons.size() > Predicate::max_terms) {
        return expr::refuse(comparisons[Predicate::max_terms]->column,
                            "more than " + std::to_string(Predicate::max_terms) +
                                " comparisons (each member of a list is one)",
                            "use ranges or patterns, or several rules");
    }
    std::size_t strings = 0;
    for (const Node* const node : comparisons) {
        const bool has_literal = node->term.is_string && !node->term.other_field;
        strings += has_literal ? 1 : 0;
        if (strings > Predicate::max_strings) {
            return expr::refuse(node->column, "more than " + std::to_string(Predicate::max_strings) + " strings",
                                "use patterns (=~), or several rules");
        }
    }
    return {};
}

/// Makes the set tokens of a comparison's glob refer to the predicate's sets.
expr::Checked<void> share_sets(const Node& node, Term& term, std::vector<ByteSet>& sets) {
    for (GlobToken& token : term.glob) {
        if (token.kind != GlobToken::set) {
            continue;
        }
        const std::size_t index = expr::intern(sets, node.sets[token.arg]);
        if (index >= Predicate::max_sets) {
            return expr::refuse(node.column,
                                "more than " + std::to_string(Predicate::max_sets) + " different [ ] in the patterns",
                                "use ? for some, or several rules");
        }
        token.arg = static_cast<std::uint8_t>(index);
    }
    return {};
}

} // namespace

std::expected<Predicate, ExpressionError> lower(const Expression& expression) {
    std::vector<const Node*> comparisons;
    collect(expression.root(), comparisons);
    if (auto within = check_limits(comparisons); !within) {
        return std::unexpected(std::move(within.error()));
    }
    Linker linker(comparisons);
    linker.place(expression.root(), accept, reject);
    Predicate predicate{linker.take(), {}};
    for (std::size_t i = 0; i < comparisons.size(); ++i) {
        if (auto shared = share_sets(*comparisons[i], predicate.terms[i], predicate.sets); !shared) {
            return std::unexpected(std::move(shared.error()));
        }
    }
    return predicate;
}

} // namespace sig2pid::engine
