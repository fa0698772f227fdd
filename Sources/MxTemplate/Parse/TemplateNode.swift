/// The tree of a template.
indirect enum TemplateNode: Sendable {
  case text(String)
  case action(TemplatePipe)
  case branch(TemplateBranch)
  /// `{{template "name" pipe}}`
  case call(name: String, TemplatePipe?, position: Int)
  case `break`
  case `continue`
}

struct TemplateBranch: Sendable {
  enum Kind: String, Sendable { case `if`, with, range }

  var kind: Kind
  var pipe: TemplatePipe
  var body: [TemplateNode]
  var otherwise: [TemplateNode]?
}

/// `$a, $b := command | command`
struct TemplatePipe: Sendable {
  var variables: [String] = []
  /// `=`, not `:=`.
  var assigns = false
  var commands: [TemplateCommand] = []
  var position = 0
}

extension TemplatePipe {
  /// Its last command is `safeHtml`: the author vouches for what it prints.
  var endsSafely: Bool {
    guard case .function("safeHtml")? = commands.last?.words.first?.kind else { return false }
    return true
  }
}

/// Words between bars; the first may be a function.
struct TemplateCommand: Sendable {
  var words: [TemplateWord]
  var position: Int
}

/// One operand.
struct TemplateWord: Sendable {
  indirect enum Kind: Sendable {
    case dot
    case null
    case constant(TemplateValue, written: String)
    case variable(String, fields: [String])
    case field([String])
    case function(String)
    /// `(pipe).a.b`, or a constant with fields behind it.
    case chain(TemplateWord, fields: [String])
    case pipe(TemplatePipe)
  }

  var kind: Kind
  var position: Int
}

// MARK: - As written, for messages

extension TemplatePipe {
  var description: String {
    let left = variables.joined(separator: ", ")
    let right = commands.map(\.description).joined(separator: " | ")
    return variables.isEmpty ? right : "\(left) \(assigns ? "=" : ":=") \(right)"
  }
}

extension TemplateCommand {
  var description: String { words.map(\.description).joined(separator: " ") }
}

extension TemplateWord {
  var description: String {
    switch kind {
    case .dot: "."
    case .null: "nil"
    case .constant(_, let written): written
    case .variable(let name, let fields): ([name] + fields).joined(separator: ".")
    case .field(let fields): fields.map { ".\($0)" }.joined()
    case .function(let name): name
    case .chain(let word, let fields): word.description + fields.map { ".\($0)" }.joined()
    case .pipe(let pipe): "(\(pipe.description))"
    }
  }
}
