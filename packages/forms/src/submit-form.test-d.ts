import { type ElementDef, type Infer, type Jid, jid, optional } from '@couplet/stanza'
import { expectTypeOf } from 'vitest'
import { field, fieldList } from './form-field.js'
import { submitForm } from './submit-form.js'

const Filter = submitForm('urn:example:filter', {
  name: field('name'),
  with: optional(field('with', jid)),
  ids: fieldList('ids'),
  invited: optional(fieldList('invited', jid)),
})

interface Expected {
  readonly name: string
  readonly with?: Jid | undefined
  readonly ids: readonly string[]
  readonly invited?: readonly Jid[] | undefined
}
expectTypeOf<Infer<typeof Filter>>().toEqualTypeOf<Expected>()
expectTypeOf(Filter).toExtend<ElementDef<Expected>>()

Filter({ name: 'n', ids: [] })
// @ts-expect-error name is required
Filter({ ids: [] })
// @ts-expect-error with is a Jid, not text
Filter({ name: 'n', ids: [], with: 'juliet@capulet.lit' })
// @ts-expect-error there is no such field
Filter({ name: 'n', ids: [], witch: undefined })
// @ts-expect-error a value is needed
Filter()
