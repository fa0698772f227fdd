package import MxCLI

/// What the tables promise and this version cannot do yet, in one place.
///
/// A verb leaves here when its command's `switch` has a case for it.
package enum Pending {
  package static func refusal(_ run: Run) -> Diagnostic {
    let what = run.verb.isEmpty ? run.arguments.table.name : run.verb
    return Diagnostic(.system, "'\(what)' does not work yet in this version")
  }
}
