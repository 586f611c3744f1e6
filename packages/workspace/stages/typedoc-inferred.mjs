// A typedoc plugin. An element definition's fields appear in the reference as members of an inferred type, which has
// no declaration to document: only those are let off `notDocumented`; everything declared needs its doc line.
import { Comment, Converter, ReflectionKind } from 'typedoc'

function isInferred(reflection) {
  for (let parent = reflection.parent; parent; parent = parent.parent) {
    if (parent.kindOf(ReflectionKind.TypeLiteral)) return true
  }
  return false
}

/** Called by typedoc, which names this function. */
export function load(app) {
  app.converter.on(Converter.EVENT_RESOLVE_END, (context) => {
    const members = context.project.getReflectionsByKind(ReflectionKind.Property | ReflectionKind.CallSignature)
    for (const member of members) {
      if (!member.hasComment() && isInferred(member)) member.comment = new Comment([{ kind: 'text', text: ' ' }])
    }
  })
}
