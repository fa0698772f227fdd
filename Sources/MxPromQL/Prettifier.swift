extension Expr {
  /// The expression on as many lines as it needs to stay within `width` columns
  /// where it can. It parses back to the same tree.
  package func prettified(width: Int = 80) -> String {
    var prettifier = Prettifier(width: width)
    prettifier.write(self, indent: 0)
    return prettifier.out
  }
}

/// Lays out what is too long for a line: operands over operators over operands,
/// arguments one below the other, two columns a level.
///
///       sum by (job) (
///         rate(http_requests_total{code=~"5.."}[5m])
///       )
///     /
///       sum by (job) (rate(http_requests_total[5m]))
private struct Prettifier {
  var out = ""
  let width: Int

  init(width: Int) { self.width = width }

  private func margin(_ indent: Int) -> String {
    // Deep trees must not make lines of thousands of blanks.
    String(repeating: " ", count: min(indent, 60))
  }

  /// Writes `expr`, each of its lines at `indent` or deeper.
  mutating func write(_ expr: Expr, indent: Int) {
    out += margin(indent)
    writeRest(expr, indent: indent)
  }

  /// Likewise, the first line's margin being written.
  private mutating func writeRest(_ expr: Expr, indent: Int) {
    let flat = expr.description
    if indent + flat.utf8.count <= width {
      out += flat
      return
    }
    switch expr {
    case .number, .string, .selector, .range: out += flat
    case .parentheses(let node):
      writeBlock("(", [node.inner], ")", indent: indent)
    case .call(let node):
      guard !node.arguments.isEmpty else {
        out += flat
        return
      }
      var arguments: [Expr] = []
      for argument in node.arguments { arguments.append(argument) }
      writeBlock("\(node.function.name)(", arguments, ")", indent: indent, call: node.function)
    case .aggregate(let node):
      var arguments: [Expr] = []
      if let parameter = node.parameter { arguments.append(parameter) }
      arguments.append(node.argument)
      writeBlock("\(Printer.head(node))(", arguments, ")", indent: indent)
    case .subquery(let node):
      var suffix = Printer()
      suffix.writeSubquerySuffix(node)
      if Printer.needsParentheses(node.inner, minimum: Printer.tightest, isRight: false) {
        writeBlock("(", [node.inner], ")", indent: indent)
      } else {
        writeRest(node.inner, indent: indent)
      }
      out += suffix.out
    case .unary(let node):
      out += node.op.symbol
      var needsParentheses = Printer.needsParentheses(
        node.operand, minimum: UnaryOperator.precedence + 1, isRight: true)
      if case .number = node.operand { needsParentheses = true }
      if needsParentheses {
        writeBlock("(", [node.operand], ")", indent: indent)
      } else {
        writeRest(node.operand, indent: indent + 1)
      }
    case .binary(let node): writeBinary(node, indent: indent)
    }
  }

  /// `opening`, the parts a level deeper with commas between, `closing`.
  private mutating func writeBlock(
    _ opening: String, _ parts: [Expr], _ closing: String, indent: Int,
    call: FunctionID? = nil
  ) {
    out += opening
    for (index, part) in parts.enumerated() {
      out += index == 0 ? "\n" : ",\n"
      if call == .info, index == 1 {
        var printer = Printer()
        printer.writeArgument(part, index, of: .info)
        out += margin(indent + 2) + printer.out
      } else {
        write(part, indent: indent + 2)
      }
    }
    out += "\n\(margin(indent))\(closing)"
  }

  /// The first line's margin is written; operands go a level deeper than operators.
  /// A chain of one precedence stays on one level.
  private mutating func writeBinary(_ node: BinaryExpr, indent: Int) {
    let (left, right) = Printer.minimums(node.op)
    if case .binary(let inner) = node.left, inner.op.precedence == node.op.precedence,
      !node.op.isRightAssociative
    {
      writeBinary(inner, indent: indent)
    } else {
      out += margin(min(indent + 2, 60) - min(indent, 60))
      writeOperand(node.left, minimum: left, isRight: false, indent: indent + 2)
    }
    out += "\n\(margin(indent))\(Printer.operatorText(node))\n\(margin(indent + 2))"
    writeOperand(node.right, minimum: right, isRight: true, indent: indent + 2)
  }

  private mutating func writeOperand(
    _ expr: Expr, minimum: Int, isRight: Bool, indent: Int
  ) {
    if Printer.needsParentheses(expr, minimum: minimum, isRight: isRight) {
      writeBlock("(", [expr], ")", indent: indent)
    } else {
      writeRest(expr, indent: indent)
    }
  }
}
