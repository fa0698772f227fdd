import Glibc
import MxCLI
import MxTools

exit(runTool(AlertCommand.self))
