-- expect: rejected shadowed_name
namespace Hidden
def False : Prop := True
theorem t : False := trivial
end Hidden
